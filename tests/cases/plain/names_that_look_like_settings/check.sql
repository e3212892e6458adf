SELECT id, g, w FROM t
