UPDATE perftest SET val = 5; SELECT * FROM perftest_2; DELETE FROM perftest_2; SET @x = 1; UPDATE perftest SET val = 1; DELETE FROM perftest_2;
