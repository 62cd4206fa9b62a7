-- Spans and their payloads, one partition a day, so that retention drops tables instead of deleting rows.
CREATE TABLE tracing_span (
    start_time timestamptz NOT NULL,
    project_id uuid NOT NULL,
    trace_id uuid NOT NULL,
    span_id varchar(16) NOT NULL,
    parent_id varchar(16) NOT NULL DEFAULT '',
    is_entry boolean NOT NULL,
    name varchar(200) NOT NULL,
    kind varchar(10) NOT NULL,
    status varchar(5) NOT NULL,
    status_message text NOT NULL DEFAULT '',
    duration_us bigint NOT NULL,
    first_token_us bigint,
    operation varchar(40) NOT NULL DEFAULT '',
    provider varchar(60) NOT NULL DEFAULT '',
    request_model varchar(200) NOT NULL DEFAULT '',
    response_model varchar(200) NOT NULL DEFAULT '',
    route varchar(100) NOT NULL DEFAULT '',
    route_version integer,
    prompt_name varchar(200) NOT NULL DEFAULT '',
    prompt_version varchar(60) NOT NULL DEFAULT '',
    end_user varchar(200) NOT NULL DEFAULT '',
    session_id varchar(200) NOT NULL DEFAULT '',
    environment varchar(60) NOT NULL DEFAULT '',
    release varchar(60) NOT NULL DEFAULT '',
    key_id uuid,
    http_status smallint,
    error_type varchar(100) NOT NULL DEFAULT '',
    finish_reason varchar(40) NOT NULL DEFAULT '',
    input_tokens integer,
    output_tokens integer,
    cached_tokens integer,
    usage_estimated boolean NOT NULL DEFAULT false,
    cost_nano bigint,
    price_version_id uuid,
    input_preview varchar(200) NOT NULL DEFAULT '',
    output_preview varchar(200) NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (start_time, project_id, trace_id, span_id)
) PARTITION BY RANGE (start_time);

CREATE INDEX span_of_trace ON tracing_span (project_id, trace_id);
CREATE INDEX span_entry_newest ON tracing_span (project_id, start_time DESC, trace_id DESC, span_id DESC) WHERE is_entry;
-- Rows come when they end, not when they begin: the live list asks for what arrived since it last asked.
CREATE INDEX span_entry_arrival ON tracing_span (project_id, received_at) WHERE is_entry;
CREATE INDEX span_entry_failed ON tracing_span (project_id, start_time DESC) WHERE is_entry AND status = 'error';
CREATE INDEX span_entry_session ON tracing_span (project_id, session_id, start_time) WHERE is_entry AND session_id <> '';
CREATE INDEX span_entry_user ON tracing_span (project_id, end_user, start_time) WHERE is_entry AND end_user <> '';

CREATE TABLE tracing_spanpayload (
    start_time timestamptz NOT NULL,
    project_id uuid NOT NULL,
    trace_id uuid NOT NULL,
    span_id varchar(16) NOT NULL,
    request jsonb,
    response jsonb,
    attributes jsonb NOT NULL DEFAULT '{}',
    events jsonb NOT NULL DEFAULT '[]',
    input_text text NOT NULL DEFAULT '',
    output_text text NOT NULL DEFAULT '',
    words tsvector GENERATED ALWAYS AS (
        to_tsvector('simple', left(input_text, 40000) || ' ' || left(output_text, 40000))
    ) STORED,
    PRIMARY KEY (start_time, project_id, trace_id, span_id)
) PARTITION BY RANGE (start_time);

CREATE INDEX payload_words ON tracing_spanpayload USING gin (words);
