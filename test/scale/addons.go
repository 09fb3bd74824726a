package main

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// dnsServers is how many a sick fleet has; kubevitals probes up to 50.
const dnsServers = 50

// addons are cluster DNS, of which no server answers, and a kube-proxy that
// crashes on every node. Addresses are those of this machine, where no program
// listens.
func (f fleet) addons(now time.Time) []runtime.Object {
	label := map[string]string{"k8s-app": "kube-dns"}
	udp, port := corev1.ProtocolUDP, int32(9)
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: metav1.NamespaceSystem, Name: "kube-dns-1",
			Labels: map[string]string{"k8s-app": "kube-dns", discoveryv1.LabelServiceName: "kube-dns"},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("dns"), Protocol: &udp, Port: &port}},
	}
	for i := range dnsServers {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{fmt.Sprintf("127.0.1.%d", i+1)}, NodeName: new(fmt.Sprintf("dns-node-%d", i)),
			Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
		})
	}
	objects := []runtime.Object{
		&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: "kube-dns", Labels: label},
			Spec: corev1.ServiceSpec{
				ClusterIP: "127.0.1.100", ClusterIPs: []string{"127.0.1.100"}, Selector: label,
				Ports: []corev1.ServicePort{{Name: "dns", Protocol: udp, Port: port}},
			},
		},
		slice,
		&appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: "coredns", Labels: label},
			Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: label}},
		},
	}
	for i := range f.nodes {
		objects = append(objects, addonPod("kube-proxy", i, now), addonPod("kube-dns", i, now))
	}
	return objects
}

// addonPod crashes on node i.
func addonPod(app string, i int, now time.Time) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: metav1.NamespaceSystem, Name: fmt.Sprintf("%s-%d", app, i), Labels: map[string]string{"k8s-app": app},
			CreationTimestamp: metav1.NewTime(now.Add(-time.Hour)),
		},
		Spec: corev1.PodSpec{NodeName: nodeName(i), Containers: []corev1.Container{{Name: app}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning,
			ContainerStatuses: []corev1.ContainerStatus{{
				Name:  app,
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
					Reason: "Error", ExitCode: 1, FinishedAt: metav1.NewTime(now),
				}},
			}},
		},
	}
}
