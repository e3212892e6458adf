SET time_zone = '+00:00'; SELECT at FROM t WHERE id = 1; SET time_zone = @@global.time_zone; SELECT at = '2026-01-01 10:00:00' FROM t WHERE id = 2
