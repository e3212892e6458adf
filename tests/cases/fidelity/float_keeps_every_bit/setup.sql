-- Six digits are all that the text protocol shows of a FLOAT.
CREATE TABLE t (id INT PRIMARY KEY, f FLOAT, g FLOAT(10,3), u FLOAT);
INSERT INTO t VALUES (1, 16777216, 1234567.125, 123456792), (2, 3.402823466e38, -0.001, 1.175494351e-38), (3, 1e-45, 0, 0.1), (4, NULL, NULL, -1.1);
