package bounded

import (
	"reflect"
	"time"
)

// Held returns how many bytes of memory are held by what a pointer points to. What is
// shared counts each time, and nothing may be in itself.
func Held(object any) int64 {
	v := reflect.ValueOf(object)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return 0
	}
	return int64(v.Elem().Type().Size()) + beyond(v.Elem())
}

// beyond is what a value holds beside itself.
func beyond(v reflect.Value) (bytes int64) {
	switch v.Kind() {
	case reflect.String:
		return int64(v.Len())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() && v.Type() != reflect.TypeFor[*time.Location]() { // all times share theirs
			bytes = int64(v.Elem().Type().Size()) + beyond(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			bytes += beyond(v.Field(i))
		}
	case reflect.Slice:
		bytes = int64(v.Cap()) * int64(v.Type().Elem().Size())
		if v.Type().Elem().Kind() > reflect.Complex128 { // all before are numbers
			for i := range v.Len() {
				bytes += beyond(v.Index(i))
			}
		}
	case reflect.Map:
		each := grown * int64(v.Type().Key().Size()+v.Type().Elem().Size())
		for entry := v.MapRange(); entry.Next(); {
			bytes += each + beyond(entry.Key()) + beyond(entry.Value())
		}
	}
	return bytes
}
