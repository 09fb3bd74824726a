package sources

// phrases are texts by which events give causes away, in lower case, the most telling first.
type phrases[C any] []struct {
	text  string
	cause C
}

func (all phrases[C]) texts() []string {
	texts := make([]string, 0, len(all))
	for _, p := range all {
		texts = append(texts, p.text)
	}
	return texts
}

// causeOf is the cause that a text stands for, or else the other.
func (all phrases[C]) causeOf(text string, other C) C {
	for _, p := range all {
		if p.text == text {
			return p.cause
		}
	}
	return other
}
