//go:build race

package main

// raced says that the race detector runs, under which memory is not what it is.
const raced = true
