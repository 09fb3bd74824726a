package main

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// swaps are what operators, aggregations and functions are changed into.
var (
	operators = map[parser.ItemType][]parser.ItemType{
		parser.GTR: {parser.GTE, parser.LSS}, parser.GTE: {parser.GTR, parser.LSS},
		parser.LSS: {parser.LTE, parser.GTR}, parser.LTE: {parser.LSS, parser.GTR},
		parser.EQLC: {parser.NEQ}, parser.NEQ: {parser.EQLC},
		parser.ADD: {parser.SUB}, parser.SUB: {parser.ADD}, parser.MUL: {parser.DIV}, parser.DIV: {parser.MUL},
		parser.LAND: {parser.LUNLESS, parser.LOR}, parser.LUNLESS: {parser.LAND}, parser.LOR: {parser.LAND},
	}
	aggregations = map[parser.ItemType]parser.ItemType{
		parser.MAX: parser.MIN, parser.MIN: parser.MAX, parser.SUM: parser.MAX, parser.AVG: parser.MAX,
		parser.COUNT: parser.GROUP, parser.TOPK: parser.BOTTOMK, parser.BOTTOMK: parser.TOPK,
	}
	functions = map[string]string{
		"rate": "increase", "increase": "rate", "irate": "increase", "delta": "increase",
		"max_over_time": "min_over_time", "min_over_time": "max_over_time", "avg_over_time": "max_over_time",
		"last_over_time": "max_over_time", "sum_over_time": "count_over_time",
		"clamp_min": "clamp_max", "clamp_max": "clamp_min", "floor": "ceil", "ceil": "floor", "changes": "resets",
	}
)

// opposite matchers take what the others refuse.
var opposite = map[labels.MatchType]labels.MatchType{
	labels.MatchEqual: labels.MatchNotEqual, labels.MatchNotEqual: labels.MatchEqual,
	labels.MatchRegexp: labels.MatchNotRegexp, labels.MatchNotRegexp: labels.MatchRegexp,
}
