package demo

// Secret is what signs webhooks.
const Secret = secret
