package localforge

// Kept is how many deliveries are kept, of all apps.
func (f *Forge) Kept() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.deliveries.all(nil))
}
