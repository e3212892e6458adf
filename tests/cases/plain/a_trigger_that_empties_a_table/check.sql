SELECT id FROM waiting
