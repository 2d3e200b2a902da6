"""/docs and /openapi.json, served by the application itself."""

from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer


class SchemaView(SpectacularJSONAPIView):
    throttle_classes = ()


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from local files; its script is a second request, as the content policy wants."""

    renderer_classes = [TemplateHTMLRenderer]
    url_name = "openapi"
