UPDATE @LIVE@.users SET email = 'x';
