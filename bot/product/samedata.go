package product

// SameData makes the seeds on which both sides of a comparison are built: the base's seeds plus the head's new files
// and columns. The base gets the new files only, so that a base model with SELECT * stays as it was.
// changed tells that the head's own seeds hold other rows than that, so that the head must be built on its own as well.
func SameData(base, head []Seed) (forBase, forHead []Seed, changed bool) {
	inBase := map[string]Seed{}
	for _, s := range base {
		inBase[TableKey(s.Table)] = s
	}
	inHead := map[string]bool{}
	forBase = append(forBase, base...)
	for _, s := range head {
		inHead[TableKey(s.Table)] = true
		old, ok := inBase[TableKey(s.Table)]
		switch {
		case !ok:
			forBase = append(forBase, s)
			forHead = append(forHead, s)
		case old.Hash == s.Hash:
			forHead = append(forHead, s)
		default:
			changed = true
			later := s
			merged := old
			merged.Types = s.Types
			merged.NewColumns = &later
			forHead = append(forHead, merged)
		}
	}
	for _, s := range base {
		if !inHead[TableKey(s.Table)] {
			changed = true
			forHead = append(forHead, s)
		}
	}
	return forBase, forHead, changed
}
