package gowasm

// Patience is how long a cancelled call may take that was told of it.
const Patience = patience
