SELECT id, HEX(b), HEX(v) FROM t
