never reached;
