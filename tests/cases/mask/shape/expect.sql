SELECT plate = BINARY 'X-XX 9999' AND note = BINARY 'Xxxx Xxxxxx, 99 Xxxxxx x' FROM masked_a WHERE id = 1
