CALL p1(); SELECT f1();
