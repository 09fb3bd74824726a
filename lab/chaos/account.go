package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/manifests"
)

// product is the name of the shipped namespace, service account and roles.
const product = "kubevitals"

// account is a service account with the rights that kubevitals ships, for one
// trial alone, so that they can be taken from it.
type account struct {
	cluster  *cluster.Cluster
	name     string
	dir      string
	bindings []*unstructured.Unstructured
	tokens   int
}

// newAccount binds the shipped roles to a new service account.
func newAccount(ctx context.Context, c *cluster.Cluster, shipped []*unstructured.Unstructured, trial, dir string) (*account, error) {
	a := &account{cluster: c, name: trial, dir: dir}
	subject := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: trial}}
	if _, err := c.Client().CoreV1().ServiceAccounts(product).Create(ctx, subject, metav1.CreateOptions{}); err != nil {
		return nil, fmt.Errorf("service account %s: %w", trial, err)
	}
	for _, o := range shipped {
		if kind := o.GetKind(); kind != "ClusterRoleBinding" && kind != "RoleBinding" {
			continue
		}
		binding := o.DeepCopy()
		binding.SetName(o.GetName() + "-" + trial)
		subjects := []any{map[string]any{"kind": "ServiceAccount", "name": trial, "namespace": product}}
		if err := unstructured.SetNestedSlice(binding.Object, subjects, "subjects"); err != nil {
			return nil, fmt.Errorf("binding %s: %w", o.GetName(), err)
		}
		a.bindings = append(a.bindings, binding)
	}
	return a, errors.Join(a.grant(ctx), a.issue(ctx))
}

// grant gives the account its rights, and withdraw takes them.
func (a *account) grant(ctx context.Context) error {
	return manifests.Apply(ctx, a.cluster.RESTConfig(), a.bindings...)
}

func (a *account) withdraw(ctx context.Context) error {
	return manifests.Remove(ctx, a.cluster.RESTConfig(), a.bindings...)
}

func (a *account) secret() string { return fmt.Sprintf("%s-%d", a.name, a.tokens) }

// issue writes a token that is good for as long as a Secret exists, as the kubelet
// writes a new one into a pod in time.
func (a *account) issue(ctx context.Context) error {
	a.tokens++
	secret, err := a.cluster.Client().CoreV1().Secrets(product).Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: a.secret()}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("secret that a token is bound to: %w", err)
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		BoundObjectRef: &authenticationv1.BoundObjectReference{Kind: "Secret", APIVersion: "v1", Name: secret.Name, UID: secret.UID},
	}}
	token, err := a.cluster.Client().CoreV1().ServiceAccounts(product).CreateToken(ctx, a.name, request, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("token of %s: %w", a.name, err)
	}
	// Replaced as a whole, as in a pod.
	next := a.tokenFile() + ".next"
	if err := os.WriteFile(next, []byte(token.Status.Token), 0o600); err != nil {
		return err
	}
	return os.Rename(next, a.tokenFile())
}

// revoke makes the present token good for nothing.
func (a *account) revoke(ctx context.Context) error {
	return a.cluster.Client().CoreV1().Secrets(product).Delete(ctx, a.secret(), metav1.DeleteOptions{})
}

func (a *account) tokenFile() string { return filepath.Join(a.dir, "token") }

// kubeconfig leads to a server with the token as it is in the file at the time.
func (a *account) kubeconfig(server string) (string, error) {
	config := clientcmdapi.NewConfig()
	config.Clusters["lab"] = &clientcmdapi.Cluster{Server: server, CertificateAuthority: a.cluster.CAFile()}
	config.AuthInfos[a.name] = &clientcmdapi.AuthInfo{TokenFile: a.tokenFile()}
	config.Contexts["lab"] = &clientcmdapi.Context{Cluster: "lab", AuthInfo: a.name}
	config.CurrentContext = "lab"
	file := filepath.Join(a.dir, "kubeconfig")
	return file, clientcmd.WriteToFile(*config, file)
}

func (a *account) remove(ctx context.Context) error {
	return errors.Join(
		a.withdraw(ctx),
		a.cluster.Client().CoreV1().ServiceAccounts(product).Delete(ctx, a.name, metav1.DeleteOptions{}),
	)
}
