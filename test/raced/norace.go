//go:build !race

package raced

// Enabled says that the race detector runs, under which neither time nor memory is what it is.
const Enabled = false
