//go:build race

package main

// raced says that the race detector runs, under which neither time nor memory is what it is.
const raced = true
