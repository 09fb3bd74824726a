package faults

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

func controlPlane() []Fault {
	down := Sign{Metric: "apiserver_up", Value: 0}
	return []Fault{
		{
			Name: "apiserver-killed", What: "the only API server ends and is not started again",
			Alert: "KubeVitalsAPIServerAllDown", Sign: down, inject: killed(cluster.APIServer),
		},
		{
			Name: "apiserver-hung", What: "the API server is stopped (SIGSTOP): its port is open and nothing answers",
			Alert: "KubeVitalsAPIServerAllDown", Sign: down, inject: hung(cluster.APIServer),
		},
		{
			Name: "apiserver-certificate", What: "the serving certificate of the API server ends tomorrow",
			Alert: "KubeVitalsAPIServerCertificateExpiryImminent", inject: expireServingCertificate,
		},
		{
			Name: "apiserver-overloaded", What: "one client asks for more than its priority level may have at a time",
			Alert: "KubeVitalsAPIServerRejecting", Labels: map[string]string{"priority_level": greedy}, inject: overload,
		},
		{
			Name: "controller-manager-killed", What: "the only controller manager ends and is not started again",
			Alert: "KubeVitalsControllerManagerDown", inject: killed(cluster.ControllerManager),
		},
		{
			Name: "scheduler-killed", What: "the only scheduler ends and is not started again",
			Alert: "KubeVitalsSchedulerDown", inject: killed(cluster.Scheduler),
		},
	}
}

func killed(name string) func(context.Context, *Lab) (healing, error) {
	return func(_ context.Context, l *Lab) (healing, error) {
		p, err := l.process(name)
		if err != nil {
			return nil, err
		}
		return kill(p), nil
	}
}

func hung(name string) func(context.Context, *Lab) (healing, error) {
	return func(_ context.Context, l *Lab) (healing, error) {
		p, err := l.process(name)
		if err != nil {
			return nil, err
		}
		return hang(p)
	}
}

// expireServingCertificate starts the API server with it: connections that are there keep
// the certificate that they began with.
func expireServingCertificate(ctx context.Context, l *Lab) (healing, error) {
	p, err := l.process(cluster.APIServer)
	if err != nil {
		return nil, err
	}
	serve := func(ctx context.Context, spoil func(*x509.Certificate)) error {
		if err := l.RenewServingCertificate(spoil); err != nil {
			return err
		}
		return kill(p)(ctx)
	}
	return func(ctx context.Context) error { return serve(ctx, nil) }, serve(ctx, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	})
}

// greedy is the name of a user, and of a priority level of its own that can do next to
// nothing at a time and refuses what is too much.
const greedy = "greedy"

// overload lets the user ask again and again until it is healed.
func overload(ctx context.Context, l *Lab) (healing, error) {
	remove, err := limit(ctx, l.Cluster, greedy)
	if err != nil {
		return nil, err
	}
	config := l.RESTConfig()
	config.Impersonate = rest.ImpersonationConfig{UserName: greedy, Groups: []string{"system:authenticated"}}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", greedy, err)
	}
	flooding, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for flooding.Err() == nil {
			flood(flooding, client, config.Host+"/api/v1/pods?resourceVersion=", 50)
		}
	}()
	return func(ctx context.Context) error {
		stop()
		<-done
		return remove(ctx)
	}, nil
}

// limit makes a priority level of one share that refuses what is too much, for the user
// of its name, and returns what removes it.
func limit(ctx context.Context, c *cluster.Cluster, level string) (func(context.Context) error, error) {
	one, none := int32(1), int32(0)
	client := c.Client()
	var made undo
	// One of system:masters is exempt.
	_, err := client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: level}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: level}},
	}, metav1.CreateOptions{})
	made.add(level, err, client.RbacV1().ClusterRoleBindings().Delete)
	_, err = client.FlowcontrolV1().PriorityLevelConfigurations().Create(ctx, &flowcontrolv1.PriorityLevelConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: level},
		Spec: flowcontrolv1.PriorityLevelConfigurationSpec{Type: flowcontrolv1.PriorityLevelEnablementLimited, Limited: &flowcontrolv1.LimitedPriorityLevelConfiguration{
			NominalConcurrencyShares: &one, BorrowingLimitPercent: &none, LimitResponse: flowcontrolv1.LimitResponse{Type: flowcontrolv1.LimitResponseTypeReject},
		}},
	}, metav1.CreateOptions{})
	made.add(level, err, client.FlowcontrolV1().PriorityLevelConfigurations().Delete)
	_, err = client.FlowcontrolV1().FlowSchemas().Create(ctx, &flowcontrolv1.FlowSchema{
		ObjectMeta: metav1.ObjectMeta{Name: level},
		Spec: flowcontrolv1.FlowSchemaSpec{
			PriorityLevelConfiguration: flowcontrolv1.PriorityLevelConfigurationReference{Name: level}, MatchingPrecedence: 2,
			Rules: []flowcontrolv1.PolicyRulesWithSubjects{{
				Subjects:      []flowcontrolv1.Subject{{Kind: flowcontrolv1.SubjectKindUser, User: &flowcontrolv1.UserSubject{Name: level}}},
				ResourceRules: []flowcontrolv1.ResourcePolicyRule{{Verbs: []string{rbacv1.VerbAll}, APIGroups: []string{rbacv1.APIGroupAll}, Resources: []string{rbacv1.ResourceAll}, Namespaces: []string{"*"}, ClusterScope: true}},
			}},
		},
	}, metav1.CreateOptions{})
	made.add(level, err, client.FlowcontrolV1().FlowSchemas().Delete)
	return made.remove, made.failed(ctx)
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
