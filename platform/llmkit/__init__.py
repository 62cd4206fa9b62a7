"""Framework-free foundation: chat types, SSE, money, clocks, statistics and telemetry names."""
