package runbooks

import (
	"fmt"
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// environment are variables that every shell has.
var environment = []string{"HOME", "PATH", "PWD", "USER", "KUBECONFIG", "TMPDIR"}

// names are the variables that a part of a script sets and uses.
type names struct{ set, used []string }

func namesOf(node syntax.Node) names {
	var n names
	syntax.Walk(node, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.Assign:
			if node.Name != nil {
				n.set = append(n.set, node.Name.Value)
			}
		case *syntax.WordIter:
			n.set = append(n.set, node.Name.Value)
		case *syntax.CallExpr:
			if words := literals(node); len(words) > 1 && words[0] == "read" {
				n.set = append(n.set, slices.DeleteFunc(words[1:], func(w string) bool { return !syntax.ValidName(w) })...)
			}
		case *syntax.ParamExp:
			if node.Param != nil && syntax.ValidName(node.Param.Value) {
				n.used = append(n.used, node.Param.Value)
			}
		}
		return true
	})
	return n
}

// Unset says which variables the statements use that none before them sets.
func Unset(statements []Statement) []string {
	var problems []string
	known := slices.Clone(environment)
	for _, s := range statements {
		n := namesOf(s.stmt)
		known = append(known, n.set...)
		for _, name := range n.used {
			if !slices.Contains(known, name) {
				problems = append(problems, fmt.Sprintf("%s: nothing before sets $%s", s, name))
			}
		}
	}
	return problems
}

// literals are the words of a call as far as they are known: a word with a
// variable or a command in it is what stands around that.
func literals(call *syntax.CallExpr) []string {
	var words []string
	for _, word := range call.Args {
		words = append(words, literal(word.Parts))
	}
	return words
}

func literal(parts []syntax.WordPart) string {
	all := ""
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			all += part.Value
		case *syntax.SglQuoted:
			all += part.Value
		case *syntax.DblQuoted:
			all += literal(part.Parts)
		}
	}
	return all
}
