SELECT fb();
