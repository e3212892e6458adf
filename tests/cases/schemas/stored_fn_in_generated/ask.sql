SELECT n, fb(), fa() FROM vc;
