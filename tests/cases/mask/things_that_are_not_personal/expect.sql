SELECT COUNT(*) = 3 FROM masked_a JOIN a USING (id) WHERE a.title = masked_a.title
