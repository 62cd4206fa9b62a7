"""The hot path of `/v1/*`: no Django request cycle, no ORM, no Postgres, no Redis."""
