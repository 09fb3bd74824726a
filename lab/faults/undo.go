package faults

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// undo remembers how to delete objects that were made one after the other, and the first
// error of that.
type undo struct {
	steps []healing
	err   error
}

// add takes what came of making an object, and what deletes it by its name.
func (u *undo) add(name string, err error, del func(context.Context, string, metav1.DeleteOptions) error) {
	if err != nil {
		if u.err == nil {
			u.err = fmt.Errorf("make %s: %w", name, err)
		}
		return
	}
	u.steps = append(u.steps, func(ctx context.Context) error {
		now := int64(0)
		err := del(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// remove deletes the objects in the reverse order.
func (u *undo) remove(ctx context.Context) error {
	var errs []error
	for i := len(u.steps) - 1; i >= 0; i-- {
		errs = append(errs, u.steps[i](ctx))
	}
	return errors.Join(errs...)
}

// failed returns the first error, after it has deleted what had been made until then.
func (u *undo) failed(ctx context.Context) error {
	if u.err == nil {
		return nil
	}
	return errors.Join(u.err, u.remove(context.WithoutCancel(ctx)))
}
