package mirror

// Waiting is how many callers wait for fetches that have not begun.
func (c *Cache) Waiting(key string) (n int) {
	c.mu.Lock()
	b := c.copies[key]
	c.mu.Unlock()
	b.wait.Lock()
	defer b.wait.Unlock()
	for _, f := range b.next {
		n += f.waiting
	}
	return n
}

// TidyAt has copies tidied from that number of packs on.
func TidyAt(packs int) func(*Options) { return func(o *Options) { o.maxPacks = packs } }
