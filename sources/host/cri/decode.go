package cri

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of the messages of CRI v1 (runtime/v1/api.proto) that are read.
const (
	versionRuntimeName    = 2
	versionRuntimeVersion = 3
	statusStatus          = 1
	runtimeConditions     = 1
	conditionType         = 1
	conditionStatus       = 2
	conditionReason       = 3
)

// mostConditions bounds what is kept; runtimes report two to four.
const mostConditions = 20

var errMessage = errors.New("the answer is not a message of CRI")

// fields calls take for every field of a message: text is set for those of
// variable length, number for integers.
func fields(message []byte, take func(field protowire.Number, text []byte, number uint64) error) error {
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errMessage
		}
		message = message[n:]
		var (
			text   []byte
			number uint64
		)
		switch kind {
		case protowire.BytesType:
			text, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(message)
		default:
			n = protowire.ConsumeFieldValue(field, kind, message)
		}
		if n < 0 {
			return errMessage
		}
		message = message[n:]
		if err := take(field, text, number); err != nil {
			return err
		}
	}
	return nil
}

func (r *Result) decodeVersion(message []byte) error {
	err := fields(message, func(field protowire.Number, text []byte, _ uint64) error {
		switch field {
		case versionRuntimeName:
			r.Name = string(text)
		case versionRuntimeVersion:
			r.Release = string(text)
		}
		return nil
	})
	if err == nil && r.Name == "" {
		return errMessage
	}
	return err
}

func (r *Result) decodeStatus(message []byte) error {
	return fields(message, func(field protowire.Number, text []byte, _ uint64) error {
		if field != statusStatus {
			return nil
		}
		return fields(text, func(field protowire.Number, text []byte, _ uint64) error {
			if field != runtimeConditions || len(r.Conditions) == mostConditions {
				return nil
			}
			c, err := condition(text)
			r.Conditions = append(r.Conditions, c)
			return err
		})
	})
}

func condition(message []byte) (Condition, error) {
	var c Condition
	err := fields(message, func(field protowire.Number, text []byte, number uint64) error {
		switch field {
		case conditionType:
			c.Type = string(text)
		case conditionStatus:
			c.Status = number != 0
		case conditionReason:
			c.Reason = string(text)
		}
		return nil
	})
	return c, err
}
