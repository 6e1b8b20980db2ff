terraform {
  required_version = ">= 1.5"

  # The state holds the secrets below: keep it in a backend that encrypts and locks it.
  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "~> 2.30"
    }
  }
}
