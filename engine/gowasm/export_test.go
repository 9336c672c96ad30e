package gowasm

// Patience is how long a cancelled call may take that was told of it.
const Patience = patience

// CountdownDir is where the tests keep what they build of countdown, once.
var CountdownDir string
