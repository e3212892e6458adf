SELECT ST_AsText(p), HEX(b), j FROM g
