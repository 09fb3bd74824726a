//go:build !race

// Package raced tells tests whether the race detector runs.
package raced

// Enabled says that the race detector runs, under which neither time nor memory is what it is.
const Enabled = false
