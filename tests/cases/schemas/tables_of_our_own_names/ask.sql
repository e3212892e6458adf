SELECT * FROM refreshkit_swapped; SELECT * FROM over_it; START TRANSACTION; INSERT INTO refreshkit_refresh VALUES ('x', ''); SELECT what FROM log; ROLLBACK;
