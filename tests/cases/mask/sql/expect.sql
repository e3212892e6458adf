SELECT born = '1980-01-01' AND who = 'person 7' FROM masked_a
