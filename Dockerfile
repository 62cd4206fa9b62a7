# One image for every role; docker-compose.yml says which command each container runs.
#   docker build -t flywheel .                        everything, local engine included
#   docker build -t flywheel --build-arg EXTRAS= .    without torch: bring your own provider
FROM python:3.11-slim AS build
ARG EXTRAS=local
WORKDIR /app
RUN python -m venv /venv
COPY requirements requirements
RUN /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/core.txt \
    && if [ -n "$EXTRAS" ]; then \
         /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/local.txt \
         && /venv/bin/pip install --no-cache-dir -r requirements/torch.txt; \
       fi
COPY pyproject.toml README.md manage.py ./
COPY platform platform
COPY apps apps
COPY templates templates
COPY static static
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && FLYWHEEL_SECRET_KEY=build FLYWHEEL_ENCRYPTION_KEYS=build DATABASE_URL=postgresql://build/build \
       REDIS_URL=redis://build FLYWHEEL_STATIC_ROOT=/app/staticfiles /venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 flywheel && mkdir -p /data/spool /data/artifacts /data/adapters && chown -R flywheel /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app:/app/platform PYTHONUNBUFFERED=1 FLYWHEEL_DATA_DIR=/data \
    FLYWHEEL_STATIC_ROOT=/app/staticfiles
USER flywheel
VOLUME /data
EXPOSE 8000
CMD ["uvicorn", "flywheel.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--loop", "uvloop", "--http", "flywheel.protocol:BoundedHttp", "--no-access-log"]
