//go:build race

package engine

// raceDetector says that the binary was built with the race detector.
const raceDetector = true
