output "namespace" {
  description = "Where the platform runs."
  value       = kubernetes_namespace_v1.coko.metadata[0].name
}

output "secrets" {
  description = "Names of the secrets that the manifests refer to."
  value = concat(
    [kubernetes_secret_v1.platform.metadata[0].name],
    [for secret in kubernetes_secret_v1.role : secret.metadata[0].name],
  )
}
