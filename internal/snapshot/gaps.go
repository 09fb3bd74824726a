package snapshot

// NotHeld returns the sources, by name, that the snapshot does not hold. Of one that holds
// samples only the samples tell which sources could be read.
func (s *Snapshot) NotHeld() []string {
	if s.SamplesOnly() {
		return nil
	}
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
