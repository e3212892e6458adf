SELECT a FROM made;
