-- The reports of why403 for DuckDB. One line of a file is one report; `why403 schema` describes it.
-- Reads reports/*.jsonl; for S3: INSTALL httpfs; LOAD httpfs; and the address in place of the pattern.

CREATE OR REPLACE VIEW reports AS
SELECT *
FROM read_json(
    'reports/*.jsonl',
    format = 'newline_delimited',
    columns = {
        schema: 'INTEGER',
        tool: 'STRUCT(name VARCHAR, version VARCHAR)',
        command: 'STRUCT(argv VARCHAR[], exit_code INTEGER)',
        time: 'VARCHAR',
        elapsed_ms: 'BIGINT',
        failures: 'STRUCT(
            line VARCHAR, "count" BIGINT, operation VARCHAR, error_code VARCHAR,
            request STRUCT(action VARCHAR, bucket VARCHAR, "key" VARCHAR, profile VARCHAR, region VARCHAR),
            script STRUCT("file" VARCHAR, line BIGINT),
            caller STRUCT(arn VARCHAR, account VARCHAR),
            blockers STRUCT(cause VARCHAR, certainty VARCHAR, summary VARCHAR)[]
        )[]'
    }
);

CREATE OR REPLACE VIEW refusals AS
SELECT
    CAST(r.time AS TIMESTAMP) AS seen_at,
    array_to_string(r.command.argv, ' ') AS command,
    r.command.exit_code AS exit_code,
    r.elapsed_ms AS elapsed_ms,
    f.failure."count" AS times,
    f.failure.operation AS operation,
    f.failure.request.action AS action,
    f.failure.request.bucket AS bucket,
    f.failure.request."key" AS object_key,
    f.failure.request.region AS region,
    f.failure.caller.account AS account,
    f.failure.caller.arn AS caller,
    -- A session belongs to its role.
    COALESCE(
        NULLIF(regexp_extract(f.failure.caller.arn, ':(assumed-role/[^/]+)', 1), ''),
        NULLIF(regexp_extract(f.failure.caller.arn, ':(user/.+|root)$', 1), ''),
        f.failure.caller.arn
    ) AS who,
    f.failure.script."file" AS script,
    f.failure.blockers[1].cause AS cause,
    f.failure.blockers[1].certainty AS certainty,
    f.failure.blockers[1].summary AS summary,
    len(f.failure.blockers) AS blockers
FROM reports AS r, UNNEST(r.failures) AS f (failure);
