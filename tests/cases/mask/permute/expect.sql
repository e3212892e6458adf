SELECT COUNT(*) = 0 FROM a JOIN masked_a m USING (id) WHERE (a.wide < 0) <> (m.wide < 0) OR (a.tiny < 0) <> (m.tiny < 0)
SELECT COUNT(*) < 20 FROM a JOIN masked_a m USING (id) WHERE a.n = m.n OR a.wide = m.wide OR a.wider = m.wider
SELECT MAX(n) > 3000000000 AND MAX(wide) > 4000000000000000000 AND MIN(wide) < -4000000000000000000 AND MAX(wider) > 9300000000000000000 FROM masked_a
