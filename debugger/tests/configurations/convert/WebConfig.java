package com.example;

@Configuration
public class WebConfig implements WebMvcConfigurer {
    @Override
    public void addCorsMappings(CorsRegistry registry) {
        registry.addMapping("/api/**")
            .allowedOrigins("https://app.example.com")
            .allowedMethods("GET", HttpMethod.PUT.name(), "POST", "HEAD")
            .allowedHeaders(HttpHeaders.AUTHORIZATION, "x-requested-with")
            .allowCredentials(true).maxAge(24 * 60 * 60);
        registry.addMapping("/public/**").allowedOrigins(origins);
    }
}

@CrossOrigin(origins = {"https://admin.example.com"}, methods = {RequestMethod.GET, RequestMethod.HEAD, RequestMethod.POST}, allowCredentials = "true")
class Controller {}
