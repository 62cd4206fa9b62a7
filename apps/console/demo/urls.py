from django.urls import path

from apps.console.demo import product

app_name = "demo"

urlpatterns = [
    path("demo/product", product.product, name="product"),
    path("demo/product/ask", product.ask, name="ask"),
]
