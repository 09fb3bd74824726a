package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// TestAPIServerMetricsOfOverload makes a priority level that can do next to nothing at once
// and asks for much: rules read what the API server then says of it by these names.
func TestAPIServerMetricsOfOverload(t *testing.T) {
	const level = "narrow"
	limit(t, level)
	config := shared.RESTConfig()
	config.Impersonate = rest.ImpersonationConfig{UserName: level, Groups: []string{"system:authenticated"}}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	err = cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		// Those that are let in take their time; what counts are those that are not.
		some, cancel := context.WithTimeout(ctx, 5*time.Second)
		flood(some, client, config.Host+"/api/v1/pods?resourceVersion=", 50)
		cancel()
		text, err := shared.Client().Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
		if err != nil {
			return err
		}
		for _, start := range []string{
			`apiserver_flowcontrol_rejected_requests_total{flow_schema="` + level + `",priority_level="` + level + `",reason="`,
			`apiserver_flowcontrol_request_wait_duration_seconds_bucket{execute="true",flow_schema="` + level + `",priority_level="` + level + `",le="`,
		} {
			if !strings.Contains(string(text), "\n"+start) {
				return fmt.Errorf("no %s", start)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// limit makes a priority level of one share that refuses what is too much, for the user
// of its name.
func limit(t *testing.T, level string) {
	t.Helper()
	one, none := int32(1), int32(0)
	// One of system:masters is exempt.
	bindings := shared.Client().RbacV1().ClusterRoleBindings()
	if _, err := bindings.Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: level}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: level}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bindings.Delete(context.Background(), level, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	api := shared.Client().FlowcontrolV1()
	_, err := api.PriorityLevelConfigurations().Create(t.Context(), &flowcontrolv1.PriorityLevelConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: level},
		Spec: flowcontrolv1.PriorityLevelConfigurationSpec{Type: flowcontrolv1.PriorityLevelEnablementLimited, Limited: &flowcontrolv1.LimitedPriorityLevelConfiguration{
			NominalConcurrencyShares: &one, BorrowingLimitPercent: &none, LimitResponse: flowcontrolv1.LimitResponse{Type: flowcontrolv1.LimitResponseTypeReject},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.PriorityLevelConfigurations().Delete(context.Background(), level, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	_, err = api.FlowSchemas().Create(t.Context(), &flowcontrolv1.FlowSchema{
		ObjectMeta: metav1.ObjectMeta{Name: level},
		Spec: flowcontrolv1.FlowSchemaSpec{
			PriorityLevelConfiguration: flowcontrolv1.PriorityLevelConfigurationReference{Name: level}, MatchingPrecedence: 2,
			Rules: []flowcontrolv1.PolicyRulesWithSubjects{{
				Subjects:      []flowcontrolv1.Subject{{Kind: flowcontrolv1.SubjectKindUser, User: &flowcontrolv1.UserSubject{Name: level}}},
				ResourceRules: []flowcontrolv1.ResourcePolicyRule{{Verbs: []string{rbacv1.VerbAll}, APIGroups: []string{rbacv1.APIGroupAll}, Resources: []string{rbacv1.ResourceAll}, Namespaces: []string{"*"}, ClusterScope: true}},
			}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.FlowSchemas().Delete(context.Background(), level, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// flood sends so many requests at once and forgets the answers, refusals included.
func flood(ctx context.Context, client *http.Client, url string, requests int) {
	var all sync.WaitGroup
	for range requests {
		all.Go(func() {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
			if err != nil {
				return
			}
			if answer, err := client.Do(request); err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
		})
	}
	all.Wait()
}
