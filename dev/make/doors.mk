# The test library of the two error doors: the product's own doors and what drives them (regress/doors).
# Never installed. Included by the Makefile after build.mk, whose objects and flags it uses.

DOORS_OBJECTS := $(patsubst %.cpp,build/so/%.o,$(sort $(wildcard regress/doors/*.cpp)))
DOORS_PRODUCT := $(patsubst %,build/so/%.o,$(addprefix core/,decimal error json json_dump json_parse utf8 uuid7) \
                   $(addprefix extension/pg/,door function jsonb_image memory spi trace_row))

.PHONY: doors
doors: build/doors_probe.so

$(DOORS_OBJECTS): build/so/%.o: %.cpp build/so/flags
	@mkdir -p $(@D)
	$(call say,CXX $<)$(CCACHE) $(CXX) $(COMMON_FLAGS) $(SERVER_FLAGS) $(INCLUDES) -MMD -MP -c $< -o $@

build/doors_probe.so: $(DOORS_OBJECTS) $(DOORS_PRODUCT) regress/doors/exports.map
	$(call say,LD $@)$(CXX) -shared -o $@ $(DOORS_OBJECTS) $(DOORS_PRODUCT) -Wl,-Bsymbolic \
	  -Wl,--version-script=regress/doors/exports.map $(if $(UBSAN),-fsanitize=undefined -static-libubsan)

-include $(DOORS_OBJECTS:.o=.d)
