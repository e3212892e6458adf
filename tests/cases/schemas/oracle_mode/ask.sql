SELECT 1; CALL op(1, @b); SELECT @b;
