package snapshot

// NotHeld returns the sources, by name, that the snapshot does not hold.
func (s *Snapshot) NotHeld() []string {
	var names []string
	for _, row := range s.table {
		for _, list := range row.Lists {
			if s.lacks(row, list) {
				names = append(names, string(list.Source))
			}
		}
	}
	return names
}
