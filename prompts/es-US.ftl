# Lo que dice la línea en español, de usted. Una oración por renglón; un renglón vacío termina un trozo (el relevo sigue con 1).
# .again: la segunda vez.  .nudge: silencio en relevo.  .relay: las palabras para relevo.

## Saludo y menús

welcome =
    Línea de pagos de Massachusetts Health Connector.

# La llamada empieza en inglés: aquí se saluda en español.
language-option =
    Línea de pagos de Massachusetts Health Connector.
    Para español, oprima 2.
    Para más tiempo o relevo, oprima 7.
    .again = Para español, oprima 2.
    .relay = Para español, oprima 2.
    .nudge = Aquí seguimos.

# La tecla 7 lleva de uno al siguiente.
pace-unhurried =
    Ahora tiene más tiempo.
    Si un operador escribe por usted, oprima 7 otra vez.

pace-relay =
    Modo relevo.
    Velocidad normal: oprima 7.
    .again = Modo relevo.

pace-voice =
    Esta es la velocidad normal.
    Para más tiempo, oprima 7.

main-menu =
    Para pagar u oír lo que debe, oprima 1.
    Para otra ayuda, oprima 2.
    Para la factura de otra persona, oprima 3.
    Para una persona, oprima 0.
    .again =
        Para pagar u oír lo que debe, oprima 1.
        Para otras formas de pagar, u otra ayuda, oprima 2.
        Para pagar por otra persona, oprima 3.
    .again-relay =
        Para pagar, oprima 1.
        Para ayuda, oprima 2.
        Factura de otra persona: oprima 3.
    .relay =
        Para pagar, oprima 1.
        Para ayuda, oprima 2.
        Factura de otra persona: oprima 3.
        Persona: oprima 0.
    .nudge =
        Aquí seguimos.
        Menú principal.

finish-menu =
    Ya puede colgar.
    Para pagar u oír lo que debe, oprima 1.
    Para pagos hechos, o para cancelar uno, oprima 2.
    Para otra ayuda, oprima 8.
    Para oír esto otra vez, oprima 9.
    .again =
        Ya puede colgar.
        Lo que debe: oprima 1.
        Pagos hechos: oprima 2.
        Ayuda: oprima 8.
    .relay =
        Ya puede colgar.
        Lo que debe: oprima 1.
        Pagos: oprima 2.
        Ayuda: oprima 8.
        Para oírlo otra vez, oprima 9.
    .nudge =
        Aquí seguimos.
        Ya puede colgar.

goodbye =
    Gracias por llamar.
    Adiós.

## Verificación

verify-member-id =
    Marque los 12 dígitos de su número de miembro.
    O los 9 dígitos de su cuenta de facturación, y oprima la tecla numeral.
    Los dos están en su factura.
    .again =
        Marque los 12 dígitos de su número de miembro.
        ¿No tiene la factura?
        Marque los 10 dígitos del teléfono de su cuenta y la tecla numeral.
    .again-relay = Número de miembro o teléfono.
    .relay =
        Marque los 12 dígitos de su número de miembro.
        O su número de cuenta de facturación y la tecla numeral.
    .nudge =
        Aquí seguimos.
        Número de miembro.

verify-ssn =
    Marque solo los últimos cuatro dígitos de su Seguro Social.
    Si no tiene, oprima la tecla numeral.
    .again =
        Marque solo los últimos cuatro dígitos de su Seguro Social.
        Si no tiene, oprima la tecla numeral.
    .again-relay =
        Últimos cuatro dígitos del Seguro Social.
        Si no tiene, numeral.
    .relay =
        Marque los últimos cuatro dígitos de su Seguro Social.
        Si no tiene, la tecla numeral.
    .nudge =
        Aquí seguimos.
        Últimos cuatro dígitos.

verify-birth =
    Marque su fecha de nacimiento en ocho dígitos: mes, día y año.
    .again =
        Marque su fecha de nacimiento en ocho dígitos: primero el mes, luego el día y el año.
        Para el 2 de enero de 1965, marque 0 1 0 2 1 9 6 5.
    .again-relay = Marque su fecha de nacimiento en ocho dígitos.
    .relay =
        Marque su fecha de nacimiento en ocho dígitos.
        Primero el mes, luego el día y el año.
    .nudge =
        Aquí seguimos.
        Fecha de nacimiento.

verify-no-ssn =
    Está bien.
    Le haremos otras dos preguntas.

verify-bill-account =
    Marque los 9 dígitos del número de cuenta que está en su factura.
    Empieza con 7.
    .again =
        Marque los 9 dígitos del número de cuenta de su factura.
        Está arriba a la izquierda y empieza con 7.
    .again-relay = Marque los 9 dígitos de la cuenta.
    .relay =
        Marque los 9 dígitos de la cuenta de su factura.
        Empieza con 7.
    .nudge =
        Aquí seguimos.
        Número de cuenta de la factura.

verify-zip = Marque los 5 dígitos del código postal adonde le llega la factura.
    .again = Marque los 5 dígitos del código postal de su dirección.
    .nudge =
        Aquí seguimos.
        Código postal.

# De los nueve dígitos se tomaron los primeros cuatro, y el resto llegó antes de tiempo.
verify-whole-ssn =
    Puede que eso sea un Seguro Social completo.
    Solo necesitamos los últimos cuatro dígitos.
    .relay = Solo necesitamos los últimos cuatro dígitos.

# Es igual sea cual sea el error, y por eso dice qué hacer con un teléfono de dos miembros.
verify-rejected =
    Esos números no coinciden.
    Use los números del miembro que está en la factura.
    Si dos miembros tienen el mismo teléfono, marque el número de miembro.
    .relay =
        No coinciden.
        Use los del miembro de la factura.
        Si comparten teléfono, número de miembro.

verify-exhausted =
    No encontramos esos datos.
    Después de muchos intentos, hay que esperar hasta mañana.

## Lo que se pagó en las últimas 24 horas

recent-payment =
    Se hizo un pago en las últimas 24 horas.
    Es de { $recent_amount } para su factura { $recent_plan ->
        [dental] dental
       *[health] de salud
    }.
    Se hizo a { $recent_at }.
    Su número de confirmación es { $recent_confirmation }.
    .relay =
        Se hizo un pago en las últimas 24 horas.

        Es de { $recent_amount } para su factura { $recent_plan ->
            [dental] dental
           *[health] de salud
        }.

        Su número de confirmación es { $recent_confirmation }.

recent-payments-more =
    Hay más pagos.
    Una persona le puede decir cuáles.

## Un pago en espera

waiting-payment =
    Su pago de { $waiting_amount }, hecho el { $waiting_date }, está en espera.
    Es para su factura { $waiting_plan ->
        [dental] dental
       *[health] de salud
    }.
    Todavía no se ha sacado nada de su cuenta de banco para este pago.
    Por favor, no lo pague otra vez ahora.
    Su número de confirmación es { $waiting_confirmation }.
    Para preguntar, llame al { $support_phone }.
    Atendemos { $support_hours }.
    .relay =
        Su pago de { $waiting_amount } está en espera.
        Lo hizo el { $waiting_date }.

        Es para su factura { $waiting_plan ->
            [dental] dental
           *[health] de salud
        }.
        Todavía no se ha sacado nada para él.

        Por favor, no lo pague otra vez ahora.

        Su número de confirmación es { $waiting_confirmation }.

        Para preguntar, llame al { $support_phone }.

        Atendemos { $support_hours }.

## Un pago devuelto

# Los motivos no dicen más que el banco; una máquina nunca habla de una muerte ni de una cuenta congelada.
returned-payment =
    { $returned_reason ->
        [for_you] Un pago de { $returned_amount }, que otra persona hizo el { $returned_date }, fue devuelto.
       *[other] Su banco devolvió su pago de { $returned_amount }, hecho el { $returned_date }.
    }
    Era para su factura { $returned_plan ->
        [dental] dental
       *[health] de salud
    }.
    { $returned_reason ->
        [insufficient_funds] No había suficiente dinero en la cuenta.
        [account_closed] El banco dice que la cuenta está cerrada.
        [no_such_account] El banco no encontró esa cuenta.
        [account_not_usable] El banco no permite pagos desde esa cuenta.
        [not_authorized] El banco dice que el pago no tenía autorización.
        [stopped] Se le pidió al banco no hacer el pago.
        [for_you] No cuenta como pagado.
       *[other] El banco no pudo procesarlo.
    }
    Todavía debe esa cantidad.
    .relay =
        { $returned_reason ->
            [for_you] Un pago de { $returned_amount } fue devuelto.
           *[other] Su banco devolvió su pago de { $returned_amount }.
        }
        { $returned_reason ->
            [for_you] Se hizo el { $returned_date }.
           *[other] Lo hizo el { $returned_date }.
        }

        Era para su factura { $returned_plan ->
            [dental] dental
           *[health] de salud
        }.
        { $returned_reason ->
            [insufficient_funds] No había suficiente dinero en la cuenta.
            [account_closed] El banco dice que la cuenta está cerrada.
            [no_such_account] El banco no encontró esa cuenta.
            [account_not_usable] El banco no permite pagos desde ella.
            [not_authorized] El banco dice que no tenía autorización.
            [stopped] Se le pidió al banco no hacer el pago.
            [for_you] No cuenta como pagado.
           *[other] El banco no pudo procesarlo.
        }
        Todavía debe esa cantidad.

returned-payment-call-us =
    Necesitamos hablar con usted sobre un pago.
    Por favor, llame al { $support_phone }.
    Atendemos { $support_hours }.
    .relay =
        Necesitamos hablar con usted sobre un pago.

        Por favor, llame al { $support_phone }.

        Atendemos { $support_hours }.

## Pagos hechos

payment-made =
    Su pago de { $made_amount } para su factura { $made_plan ->
        [dental] dental
       *[health] de salud
    }, hecho el { $made_date }, { $made_stands ->
        [on_hold] está en espera.
        [at_bank] está en su banco.
        [went_through] se completó.
        [given_back] se completó, y se le devuelve dinero.
        [came_back] volvió de su banco.
        [cancelled] se canceló.
       *[planned] está programado.
    }
    { $made_stands ->
        [planned] El dinero sale de su cuenta el { $made_debit_date } o después.
        [at_bank] El dinero sale de su cuenta el { $made_debit_date } o después.
        [went_through] Su banco lo pagó el { $made_debit_date }.
        [given_back] Va a la misma cuenta de banco.
        [came_back] No cuenta como pagado.
       *[other] No se sacó nada de su cuenta de banco para este pago.
    }
    Su número de confirmación es { $made_number }.
    .relay =
        Su pago { $made_plan ->
            [dental] dental
           *[health] de salud
        }: { $made_amount }.
        Lo hizo el { $made_date }.

        { $made_stands ->
            [on_hold] Está en espera.
            [at_bank] Está en su banco.
            [went_through] Se completó.
            [given_back] Se completó, y se le devuelve dinero.
            [came_back] Volvió de su banco.
            [cancelled] Se canceló.
           *[planned] Está programado.
        }
        { $made_stands ->
            [planned] El dinero sale el { $made_debit_date } o después.
            [at_bank] El dinero sale el { $made_debit_date } o después.
            [went_through] Su banco lo pagó el { $made_debit_date }.
            [given_back] Va a la misma cuenta de banco.
            [came_back] No cuenta como pagado.
           *[other] No se sacó nada para este pago.
        }

        Su número de confirmación es { $made_number }.

payment-made-for-you =
    El { $made_date } otra persona pagó { $made_amount } por usted.
    Era para su factura { $made_plan ->
        [dental] dental
       *[health] de salud
    }.
    { $made_stands ->
        [went_through] El pago se completó.
        [given_back] El pago se completó, y el dinero se devolvió.
        [came_back] El pago fue devuelto, y no cuenta como pagado.
        [cancelled] El pago se canceló.
       *[other] El pago está en camino.
    }
    .relay =
        Otra persona pagó { $made_amount } por usted.
        Fue el { $made_date }.

        Era para su factura { $made_plan ->
            [dental] dental
           *[health] de salud
        }.
        { $made_stands ->
            [went_through] El pago se completó.
            [given_back] El pago se completó, y el dinero se devolvió.
            [came_back] El pago fue devuelto, y no cuenta como pagado.
            [cancelled] El pago se canceló.
           *[other] El pago está en camino.
        }

payment-made-why =
    { $made_reason ->
        [insufficient_funds] No había suficiente dinero en la cuenta.
        [account_closed] El banco dice que la cuenta está cerrada.
        [no_such_account] El banco no encontró esa cuenta.
        [account_not_usable] El banco no permite pagos desde esa cuenta.
        [not_authorized] El banco dice que el pago no tenía autorización.
        [stopped] Se le pidió al banco no hacer el pago.
       *[other] El banco no pudo procesarlo.
    }

payments-made-menu =
    Para un pago anterior, oprima 1.
    Para volver, oprima 2.
    .again =
        Para un pago anterior, oprima 1.
        Para volver, oprima 2.
    .nudge =
        Aquí seguimos.
        Un pago anterior, o volver.

payments-made-menu-cancel =
    Para un pago anterior, oprima 1.
    Para cancelar este pago, oprima 2.
    Para volver, oprima 3.
    .again =
        Para un pago anterior, oprima 1.
        Para cancelar este pago, oprima 2.
        Para volver, oprima 3.
    .relay =
        Para un pago anterior, oprima 1.
        Para cancelar este, oprima 2.
        Para volver, oprima 3.
    .nudge =
        Aquí seguimos.
        Anterior, cancelar o volver.

payments-made-none =
    No tenemos pagos por teléfono en el último año.
    Otros pagos no están en esta lista.

payments-made-no-more = No hay otro pago por teléfono en el último año.

payment-cancel-ask =
    Para cancelar su pago de { $made_amount }, oprima 1.
    Para dejarlo, oprima 2.
    .again =
        Para cancelar este pago, oprima 1.
        Para dejarlo, oprima 2.
    .relay =
        Para cancelar este pago, oprima 1.
        Para dejarlo, oprima 2.
    .nudge =
        Aquí seguimos.
        Cancelarlo o dejarlo.

payment-cancelled =
    Su pago de { $made_amount } está cancelado.
    No sacaremos el dinero.
    Le enviaremos un aviso de esto.
    .relay =
        Su pago de { $made_amount } está cancelado.
        No sacaremos el dinero.

        Le enviaremos un aviso de esto.

payment-cancel-too-late =
    Ya es tarde para cancelar este pago.
    Ya está en su banco.
    Puede pedirle a su banco que no lo haga.
    .relay =
        Ya es tarde para cancelar este pago.
        Ya está en su banco.

        Puede pedirle a su banco que no lo haga.

payment-kept =
    Su pago no se canceló.
    Sigue como estaba.

## Saldo

balance-as-of =
    Estas cantidades son de { $as_of }.
    Un cheque enviado por correo quizás todavía no aparezca.
    .relay =
        Cantidades hasta { $as_of }.
        Un cheque enviado por correo quizás no aparezca.

balance-nothing = Por ahora no tenemos ninguna factura para usted.

payments-off =
    Ahora mismo no puede pagar por teléfono.
    Puede pagar por internet o por correo.

balance-paid =
    Su factura { $plan ->
        [dental] dental
       *[health] de salud
    } está pagada.
    No debe nada de ella.

# Lo que falta lo cubre un pago en espera.
balance-waiting =
    Por ahora no hay más que pagar en su factura { $plan ->
        [dental] dental
       *[health] de salud
    }.

# Ya no se cuenta en lo que se debe, y el banco todavía no lo ha pagado.
balance-on-its-way =
    Hay un pago en camino.
    Si se completa, no debe nada de su factura { $plan ->
        [dental] dental
       *[health] de salud
    }.

balance-current =
    Debe { $total } de su factura { $plan ->
        [dental] dental
       *[health] de salud
    }.
    Vence { $due_when ->
        [today] hoy, { $due_date }
       *[later] el { $due_date }
    }.
    .relay =
        { $plan ->
            [dental] Dental
           *[health] Salud
        }: debe { $total }.
        Vence { $due_when ->
            [today] hoy, { $due_date }
           *[later] el { $due_date }
        }.

balance-past-due =
    Debe { $past_due }, ya vencidos, de su factura { $plan ->
        [dental] dental
       *[health] de salud
    }.
    Venció el { $past_due_date }.
    .relay =
        { $plan ->
            [dental] Dental
           *[health] Salud
        }: saldo vencido de { $past_due }.
        Venció el { $past_due_date }.

balance-past-due-and-current =
    Debe { $total } en total de su factura { $plan ->
        [dental] dental
       *[health] de salud
    }.
    El saldo vencido es de { $past_due }.
    El resto, { $current }, vence { $due_when ->
        [today] hoy, { $due_date }
       *[later] el { $due_date }
    }.
    .relay =
        { $plan ->
            [dental] Dental
           *[health] Salud
        }: debe { $total } en total.

        El saldo vencido es de { $past_due }.

        El resto es { $current }.
        Vence { $due_when ->
            [today] hoy, { $due_date }
           *[later] el { $due_date }
        }.

coverage =
    { $coverage ->
        [keep] Pague { $keep_cents } hasta el { $keep_by }, o su plan termina con fecha del { $plan_ends }.
        [keep_longer] Pague { $keep_cents } hasta el { $keep_by }; si todavía debe después del { $keep_last }, su plan termina con fecha del { $plan_ends }.
        [reinstate] Su plan terminó: para recuperarlo, pague { $reinstate_cents } hasta el { $reinstate_by }.
        [ended] Es posible que su plan haya terminado: para preguntar qué puede hacer, oprima 0.
        [first] Este es su primer pago: si paga ahora, su plan puede empezar el { $plan_starts }.
        [counts_today] Un pago que haga ahora cuenta como hecho hoy.
       *[late_today] Un pago que haga ahora nos llega después de hoy, tarde.
    }
    .relay =
        { $coverage ->
            [keep] Pague { $keep_cents } hasta el { $keep_by }.
            [keep_longer] Pague { $keep_cents } hasta el { $keep_by }.
            [reinstate] Para recuperar su plan, pague { $reinstate_cents }.
            [ended] Es posible que su plan haya terminado.
            [first] Este es su primer pago.
            [counts_today] Un pago que haga ahora cuenta como hecho hoy.
           *[late_today] Un pago que haga ahora nos llega después de hoy.
        }

        { $coverage ->
            [keep] Si no, su plan termina con fecha del { $plan_ends }.
            [keep_longer]
                Último día: el { $keep_last }.
                Si no, su plan termina con fecha del { $plan_ends }.
            [reinstate] Pague hasta el { $reinstate_by }.
            [ended] Para preguntar qué puede hacer, oprima 0.
            [first] Si paga ahora, puede empezar el { $plan_starts }.
            [counts_today] Llega a tiempo.
           *[late_today] Llega tarde.
        }

balance-changed =
    Ahora no debe nada de su factura { $plan ->
        [dental] dental
       *[health] de salud
    }.

dropped-call =
    Su última llamada se cortó antes de que se hiciera su pago { $plan ->
        [dental] dental
       *[health] de salud
    } de { $amount }.
    .relay =
        Su última llamada se cortó.
        Su pago { $plan ->
            [dental] dental
           *[health] de salud
        } no se hizo.
        Era de { $amount }.

dropped-call-menu =
    Para seguir con él, oprima 1.
    Para oír lo que debe, oprima 2.
    .again =
        Para seguir con su pago, oprima 1.
        Para oír lo que debe, oprima 2.
    .nudge =
        Aquí seguimos.
        Seguir, u oír lo que debe.

bills-both =
    Para pagar las dos facturas, oprima 1.
    Solo la factura de salud: oprima 2.
    Solo la factura dental: oprima 3.
    Para pagos hechos, o para cancelar uno, oprima 4.
    Si no puede pagar, o para otra ayuda, oprima 8.
    .again =
        Las dos facturas: oprima 1.
        Salud: oprima 2.
        Dental: oprima 3.
        Pagos hechos: oprima 4.
        Ayuda: oprima 8.
    .relay =
        Las dos facturas: oprima 1.
        Salud: oprima 2.
        Dental: oprima 3.
        Pagos hechos: oprima 4.
        Ayuda: oprima 8.
    .nudge =
        Aquí seguimos.
        ¿Cuál factura?

bills-other =
    Ahora su factura { $plan ->
        [dental] dental
       *[health] de salud
    }.
    Para seguir, oprima 1.
    Si no quiere pagarla ahora, oprima 2.
    .again =
        Para seguir con su factura { $plan ->
            [dental] dental
           *[health] de salud
        }, oprima 1.
        Ahora no: oprima 2.
    .relay =
        Ahora su factura { $plan ->
            [dental] dental
           *[health] de salud
        }.
        Para seguir, oprima 1.
        Ahora no: oprima 2.
    .nudge =
        Aquí seguimos.
        Seguir, o ahora no.

## Cantidad

amount-one =
    Para pagarlo todo, oprima 1.
    Otra cantidad: oprima 2.
    Volver: oprima 3.
    Para pagar otro día, oprima 4.
    Para pagos hechos, o para cancelar uno, oprima 5.
    Si no puede pagar, o para otra ayuda, oprima 8.
    .again =
        Todo: oprima 1.
        Otra cantidad: oprima 2.
        Volver: oprima 3.
        Otro día: oprima 4.
        Pagos: oprima 5.
        Ayuda: oprima 8.
    .again-relay =
        Todo: oprima 1.
        Otra: oprima 2.
        Volver: oprima 3.
        Después: oprima 4.
        Pagos: oprima 5.
        Ayuda: oprima 8.
    .relay =
        Todo: oprima 1.
        Otra cantidad: oprima 2.
        Volver: oprima 3.
        Otro día: oprima 4.
        Pagos: oprima 5.
        Ayuda: oprima 8.
    .nudge =
        Aquí seguimos.
        Cantidad del pago.

amount-two =
    Para pagarlo todo, oprima 1.
    Para pagar solo el saldo vencido de { $past_due }, oprima 2.
    Otra cantidad: oprima 3.
    Para pagar otro día, oprima 4.
    Para pagos hechos, o para cancelar uno, oprima 5.
    Si no puede pagar, o para otra ayuda, oprima 8.
    .again =
        Todo: oprima 1.
        Vencido: oprima 2.
        Otra cantidad: oprima 3.
        Otro día: oprima 4.
        Pagos: oprima 5.
        Ayuda: oprima 8.
    .again-relay =
        Todo: oprima 1.
        Vencido: oprima 2.
        Otra: oprima 3.
        Después: oprima 4.
        Pagos: oprima 5.
        Ayuda: oprima 8.
    .relay =
        Todo: oprima 1.
        Vencido: oprima 2.
        Otra cantidad: oprima 3.
        Otro día: oprima 4.
        Pagos: oprima 5.
        Ayuda: oprima 8.
    .nudge =
        Aquí seguimos.
        Cantidad del pago.

amount-first-why =
    La cobertura solo puede empezar cuando la primera factura esté pagada por completo.
    Por eso hay que pagar { $total }.
    .relay =
        La cobertura empieza con la primera factura pagada por completo.
        Hay que pagar { $total }.

amount-first =
    Para pagar el total de { $total }, oprima 1.
    Volver: oprima 2.
    Para pagar otro día, oprima 3.
    Para pagos hechos, o para cancelar uno, oprima 4.
    Si no puede pagar, o para otra ayuda, oprima 8.
    .again =
        Para pagar el total, oprima 1.
        Volver: oprima 2.
        Otro día: oprima 3.
        Pagos hechos: oprima 4.
        Ayuda: oprima 8.
    .again-relay =
        El total: oprima 1.
        Volver: oprima 2.
        Otro día: oprima 3.
        Pagos hechos: oprima 4.
        Ayuda: oprima 8.
    .relay =
        Para pagar el total, oprima 1.
        Volver: oprima 2.
        Otro día: oprima 3.
        Pagos hechos: oprima 4.
        Ayuda: oprima 8.
    .nudge =
        Aquí seguimos.
        Cantidad del pago.

amount-other =
    Marque la cantidad en dólares y centavos y oprima la tecla numeral.
    Para 40 dólares con 50 centavos, marque 4 0 5 0 y la tecla numeral.
    .again =
        Marque la cantidad con sus centavos y sin punto, y luego la tecla numeral.
        Para 40 dólares con 50 centavos, marque 4 0 5 0.
    .again-relay = Marque dólares y centavos, luego la tecla numeral.
    .relay =
        Marque dólares y centavos, luego la tecla numeral.
        40 dólares con 50 centavos es 4 0 5 0.
    .nudge =
        Aquí seguimos.
        Cantidad.

amount-above-balance =
    Usted marcó { $keyed_amount }.
    Es más de lo que debe en esta factura.
    Debe { $total }.
    .relay = Es más de lo que debe en esta factura.

amount-below-minimum =
    Usted marcó { $keyed_amount }.
    El pago mínimo es de un dólar.
    Puede pagar menos solo si así paga toda la factura.
    .relay = El mínimo es de un dólar, o toda la factura.

amount-exhausted = Esa cantidad no se puede pagar aquí.

amount-read-back =
    Usted marcó { $amount }.
    Si es correcto, oprima 1.
    Otra cantidad: oprima 2.
    Volver: oprima 3.
    Para pagar otro día, oprima 4.
    .again =
        Si la cantidad de { $amount } es correcta, oprima 1.
        Otra cantidad: oprima 2.
        Volver: oprima 3.
        Otro día: oprima 4.
    .again-relay =
        { $amount }.
        Correcto: oprima 1.
        Otra: oprima 2.
        Volver: oprima 3.
        Otro día: oprima 4.
    .relay =
        { $amount }.
        Correcto: oprima 1.
        Otra cantidad: oprima 2.
        Volver: oprima 3.
        Otro día: oprima 4.
    .nudge =
        Aquí seguimos.
        ¿Es correcta la cantidad?

amount-same-today =
    Usted ya pagó hoy esta misma cantidad de su factura { $plan ->
        [dental] dental
       *[health] de salud
    }.
    Para pagarla por segunda vez, oprima 1.
    Para volver, oprima 2.
    .again =
        Para pagar otra vez la misma cantidad, oprima 1.
        Para volver, oprima 2.
    .again-relay =
        Para pagarla otra vez, oprima 1.
        Para volver, oprima 2.
    .relay =
        Hoy ya pagó esta cantidad de su factura { $plan ->
            [dental] dental
           *[health] de salud
        }.
        Para pagar otra vez, oprima 1.
        Para volver, oprima 2.
    .nudge =
        Aquí seguimos.
        Pagar otra vez o volver.

payments-limit =
    Hoy ya llegó al límite de pagos por teléfono.
    Este pago no se hizo.
    Para una persona, oprima 0.

## El día

day-ask =
    ¿Qué día sacamos el dinero?
    Marque dos dígitos para el mes y dos para el día.
    Para el 5 de enero, marque 0 1 0 5.
    .again =
        Marque dos dígitos de mes y dos de día.
        Para el 5 de enero, marque 0 1 0 5.
    .again-relay = Marque el día en cuatro dígitos: mes y día.
    .relay =
        Marque el día: mes y día, cuatro dígitos.
        Para el 5 de enero, marque 0 1 0 5.
    .nudge =
        Aquí seguimos.
        Un día, en cuatro dígitos.

day-moved =
    { $moved_why ->
        [closed] Ese día los bancos están cerrados.
       *[too_soon] Ese día es demasiado pronto.
    }

day-late =
    Ese día es después de la fecha límite, el { $pay_by }.
    Su pago llegaría tarde.
    .relay =
        La fecha límite es el { $pay_by }.

        Su pago llegaría tarde.

day-range =
    Podemos hacerlo desde el { $first_day } hasta el { $last_day }.
    Después, su cobertura ya habría terminado.
    .relay =
        Podemos hacerlo desde el { $first_day }.

        El último día es el { $last_day }.

        Después, su cobertura ya habría terminado.

day-range-menu =
    Para otro día, oprima 1.
    Para volver, oprima 2.
    .again =
        Para otro día, oprima 1.
        Para volver, oprima 2.
    .nudge =
        Aquí seguimos.
        Otro día, o volver.

day-none = Ya es tarde para elegir un día para esta factura.

day-read-back =
    Sacaremos el dinero el { $pay_day }.
    Si es correcto, oprima 1.
    Para otro día, oprima 2.
    .again =
        Si el { $pay_day } es correcto, oprima 1.
        Para otro día, oprima 2.
    .relay =
        Lo sacaremos el { $pay_day }.
        Si es correcto, oprima 1.
        Para otro día, oprima 2.
    .nudge =
        Aquí seguimos.
        ¿Es correcto el día?

## Banco

bank-reuse =
    Para usar otra vez su cuenta { $account_type ->
        [savings] de ahorros
       *[checking] de cheques
    } que termina en { $account_last4 }, oprima 1.
    Para marcar otra cuenta, oprima 2.
    .again =
        Para usar la misma cuenta, oprima 1.
        Para marcar otra cuenta, oprima 2.
    .relay =
        Para la misma cuenta, oprima 1.
        Para otra cuenta, oprima 2.
    .nudge =
        Aquí seguimos.
        La misma cuenta.

bank-ready =
    Necesita el número de ruta y el de cuenta de su banco.
    Cuando los tenga: si es de cheques, o corriente, oprima 1.
    Si es de ahorros, oprima 2.
    Para oír dónde están en un cheque, oprima 3.
    Tómese su tiempo.
    .again =
        Cuando tenga los números: si es cuenta de cheques, oprima 1.
        Si es de ahorros, oprima 2.
        Para oír dónde están en un cheque, oprima 3.
    .again-relay =
        Cuando tenga los números:
        Cheques: oprima 1.
        Ahorros: oprima 2.
        Para encontrarlos: oprima 3.
    .relay =
        Necesita los números de ruta y de cuenta.
        Cheques: oprima 1.
        Ahorros: oprima 2.
        Para encontrarlos: oprima 3.
    .nudge =
        Aquí seguimos.
        De cheques o de ahorros.

bank-find =
    En un cheque están en la parte de abajo.
    El número de ruta tiene 9 dígitos y suele estar a la izquierda.
    El número de cuenta suele estar a su lado.
    No marque el número del cheque.
    Su banco también puede darle los dos números.
    .relay =
        En un cheque están abajo.
        Número de ruta: 9 dígitos, casi siempre a la izquierda.

        El número de cuenta suele estar a su lado.
        No marque el número del cheque.

        Su banco también puede darle los dos números.

bank-routing-ask = Marque los 9 dígitos del número de ruta.
    .again =
        Marque los 9 dígitos del número de ruta.
        En un cheque suele estar abajo a la izquierda.
    .again-relay = Número de ruta, 9 dígitos.
    .nudge =
        Aquí seguimos.
        Número de ruta.

bank-routing-read-back-named =
    { $bank_name }.
    Número de ruta { $routing_number }.
    Si es correcto, oprima 1.
    Para marcarlo otra vez, oprima 2.
    .again =
        Si el banco y su número son correctos, oprima 1.
        Para marcarlo otra vez, oprima 2.
    .relay =
        { $bank_name }.
        { $routing_number }.
        Si es correcto, oprima 1.
        Para marcarlo otra vez, oprima 2.
    .nudge =
        Aquí seguimos.
        ¿Es ese el banco correcto?

bank-routing-unknown = No conocemos ningún banco con ese número de ruta.

bank-routing-read-back =
    Número de ruta { $routing_number }.
    Si es correcto, oprima 1.
    Para marcarlo otra vez, oprima 2.
    .again =
        Si el número de ruta es correcto, oprima 1.
        Para marcarlo otra vez, oprima 2.
    .relay =
        Número de ruta: { $routing_number }.
        Si es correcto, oprima 1.
        Para marcarlo otra vez, oprima 2.
    .nudge =
        Aquí seguimos.
        ¿Es correcto el número de ruta?

bank-account-ask = Marque el número de cuenta y oprima la tecla numeral.
    .again =
        Marque el número de cuenta con todos sus ceros y oprima la tecla numeral.
        Tiene de 4 a 17 dígitos.
    .again-relay = Marque el número de cuenta y numeral.
    .relay = Marque el número de cuenta y luego la tecla numeral.
    .nudge =
        Aquí seguimos.
        Número de cuenta.

bank-account-again = Marque otra vez el número de cuenta y la tecla numeral.
    .again = Marque otra vez el mismo número de cuenta y la tecla numeral.
    .again-relay = Otra vez el número de cuenta, y numeral.
    .relay = Marque el número de cuenta una vez más y la tecla numeral.
    .nudge =
        Aquí seguimos.
        Número de cuenta, otra vez.

bank-account-different =
    Los dos números de cuenta no coinciden.
    Intentemos otra vez.

bank-account-blocked =
    No podemos aceptar un pago de esa cuenta.
    Por favor, use otra cuenta.

bank-account-exhausted = No pudimos usar esos números del banco.

## Autorización

authorization-terms =
    Escuche hasta el final, por favor.
    Hoy es { $today }.
    Su número de miembro termina en { $member_last4 }.
    Usted autoriza a Massachusetts Health Connector a hacer un solo débito electrónico de su banco.
    Es de { $amount }, una sola vez.
    Sale de su cuenta { $account_type ->
        [savings] de ahorros
       *[checking] de cheques
    } que termina en { $account_last4 }.
    Esta es su propia cuenta bancaria personal.
    Se debita el { $debit_date } o después.
    Es para su prima { $plan ->
        [dental] dental
       *[health] de salud
    }.
    Para cancelarlo o preguntar, llame al { $support_phone }, antes de { $cutoff }.
    Atendemos { $support_hours }.
    Le enviaremos estos términos por { $channel ->
        [sms] mensaje de texto
        [email] correo electrónico
       *[letter] correo postal
    }.
    Guardamos por escrito lo que usted conteste.
    No grabamos esta llamada.
    .relay =
        Le pedimos su autorización para un pago electrónico de su banco.
        Hoy es { $today }.

        Su número de miembro termina en { $member_last4 }.

        Usted autoriza a Massachusetts Health Connector a hacer un solo débito electrónico.

        El débito es de { $amount }.

        Sale de su cuenta { $account_type ->
            [savings] de ahorros
           *[checking] de cheques
        } que termina en { $account_last4 }.
        Esta es su propia cuenta bancaria personal.

        Se debita el { $debit_date } o después.

        Es para su prima { $plan ->
            [dental] dental
           *[health] de salud
        }, una sola vez.

        Para cancelarlo o preguntar, llame al { $support_phone }.

        Hora límite: { $cutoff }.

        Atendemos { $support_hours }.

        Le enviaremos estos términos por { $channel ->
            [sms] mensaje de texto
            [email] correo electrónico
           *[letter] correo postal
        }.

        Guardamos por escrito lo que usted conteste.
        No grabamos esta llamada.

gate-authorization =
    El operador puede decir su respuesta en voz alta.
    Oprima 1 cuando pueda contestar.
    .again = Oprima 1 cuando pueda contestar.
    .nudge =
        Aquí seguimos.
        Cuando pueda contestar, oprima 1.

authorization-ask =
    ¿Autoriza este pago?
    Diga sí o no.
    .again =
        ¿Autoriza este pago?
        Por favor diga solamente sí o no.
    .again-relay =
        Diga: autorizo.
        O diga: no.
    .relay =
        Diga: autorizo.
        O diga: no.
        El operador puede decirlo por usted.
    .nudge =
        Aquí seguimos.
        Diga: autorizo.
        O: no.

authorization-ask-either =
    ¿Autoriza este pago?
    Diga sí o no.
    Si no puede hablar, oprima 1.
    .again =
        ¿Autoriza este pago?
        Diga solamente sí o no.
        Si no puede hablar, oprima 1.
    .again-relay =
        Diga: autorizo.
        O diga: no.
        Si no puede hablar, oprima 1.
    .relay =
        Diga: autorizo.
        O diga: no.
        Si no puede hablar, oprima 1.
    .nudge =
        Aquí seguimos.
        Diga: autorizo.
        O: no.

authorization-code-instead =
    En lugar de hablar, puede usar el código de su factura.
    Guardamos un registro del código que usted marque.

authorization-unclear =
    No supimos si dijo que sí.
    Por eso este pago no se hizo.

authorization-terms-code =
    Escuche hasta el final, por favor.
    Hoy es { $today }.
    Su número de miembro termina en { $member_last4 }.
    Usted autoriza a Massachusetts Health Connector a hacer un solo débito electrónico de su banco.
    Es de { $amount }, una sola vez.
    Sale de su cuenta { $account_type ->
        [savings] de ahorros
       *[checking] de cheques
    } que termina en { $account_last4 }.
    Esta es su propia cuenta bancaria personal.
    Se debita el { $debit_date } o después.
    Es para su prima { $plan ->
        [dental] dental
       *[health] de salud
    }.
    Para cancelarlo o preguntar, llame al { $support_phone }, antes de { $cutoff }.
    Atendemos { $support_hours }.
    Le enviaremos estos términos por { $channel ->
        [sms] mensaje de texto
        [email] correo electrónico
       *[letter] correo postal
    }.
    Guardamos un registro del código que usted marque.
    No grabamos esta llamada.
    .relay =
        Le pedimos su autorización para un pago electrónico de su banco.
        Hoy es { $today }.

        Su número de miembro termina en { $member_last4 }.

        Usted autoriza a Massachusetts Health Connector a hacer un solo débito electrónico.

        El débito es de { $amount }.

        Sale de su cuenta { $account_type ->
            [savings] de ahorros
           *[checking] de cheques
        } que termina en { $account_last4 }.
        Esta es su propia cuenta bancaria personal.

        Se debita el { $debit_date } o después.

        Es para su prima { $plan ->
            [dental] dental
           *[health] de salud
        }, una sola vez.

        Para cancelarlo o preguntar, llame al { $support_phone }.

        Hora límite: { $cutoff }.

        Atendemos { $support_hours }.

        Le enviaremos estos términos por { $channel ->
            [sms] mensaje de texto
            [email] correo electrónico
           *[letter] correo postal
        }.

        Guardamos un registro del código que usted marque.
        No grabamos esta llamada.

authorization-code-ask =
    Estos mismos términos y un código de autorización están impresos en su factura.
    Para autorizar este pago, marque ese código y oprima la tecla numeral.
    Si no lo autoriza, cuelgue, y este pago no se hará.
    .again = Para autorizar este pago, marque el código de su factura y oprima la tecla numeral.
    .again-relay = Para autorizar, marque el código y la tecla numeral.
    .relay =
        Para autorizar, marque el código de su factura y la tecla numeral.
        Si no autoriza, cuelgue.
    .nudge =
        Aquí seguimos.
        Código de su factura.

authorization-wrong-code = Ese no es el código de esta factura.

authorization-code-exhausted = Ese no era el código de esta factura.

authorization-declined =
    Este pago no se hizo.
    Si la cuenta no es suya, oprima 0.

authorization-not-own =
    Aquí solo podemos debitar su propia cuenta bancaria personal.
    Este pago no se hizo.

authorization-changed =
    Lo que debe de su factura { $plan ->
        [dental] dental
       *[health] de salud
    } cambió mientras hablábamos.
    Este pago no se hizo.
    .relay =
        Lo que debe de su factura { $plan ->
            [dental] dental
           *[health] de salud
        } acaba de cambiar.
        Este pago no se hizo.

confirmation =
    Su pago fue aceptado.
    Busque con qué escribir.
    Su número de confirmación es { $confirmation_number }.
    Otra vez: { $confirmation_number }.
    El dinero sale de su cuenta el { $effective_date } o después.
    Puede tardar de uno a dos días hábiles.
    .relay =
        Su pago fue aceptado.

        Su número de confirmación es { $confirmation_number }.

        El dinero sale el { $effective_date } o después.
        Puede tardar de uno a dos días hábiles.

        Otra vez: { $confirmation_number }.

receipt-texted = Su mensaje de texto con los términos va en camino.

confirmation-in-time =
    Este pago se cuenta a tiempo.
    La fecha límite es el { $pay_by }.

confirmation-late =
    Llegará después del { $pay_by }, la fecha límite.
    Para preguntar qué significa, llame al { $support_phone }.

confirmation-first =
    En unos cinco días hábiles, su plan verá que está inscrito.
    Luego le enviamos una carta de bienvenida.
    Su plan le enviará la tarjeta en unas dos semanas.
    .relay =
        En unos cinco días hábiles, su plan verá que está inscrito.

        Luego le enviamos una carta de bienvenida.

        Su plan le enviará la tarjeta en unas dos semanas.

declined-menu =
    Para oír lo que debe o para pagar, oprima 1.
    Para terminar esta llamada, oprima 2.
    Para pagar otro día, oprima 3.
    .again =
        Para oír lo que debe, oprima 1.
        Para terminar esta llamada, oprima 2.
        Otro día: oprima 3.
    .relay =
        Para oír lo que debe, oprima 1.
        Para terminar esta llamada, oprima 2.
        Otro día: oprima 3.
    .nudge =
        Aquí seguimos.
        Seguir o terminar.

## Otra ayuda

help-menu =
    Si no puede pagar, oprima 1.
    Para otras formas de pagar, y nuestras direcciones, oprima 2.
    Para pago automático, oprima 3.
    Para nuestro horario, un negocio, o nuestro sitio web, oprima 4.
    Para volver, oprima 5.
    .again =
        Si no puede pagar, oprima 1.
        Para otras formas de pagar, oprima 2.
        Para pago automático, oprima 3.
        Para nuestro horario, o un negocio, oprima 4.
        Para volver, oprima 5.
    .again-relay =
        No puede pagar: oprima 1.
        Otras formas: oprima 2.
        Automático: oprima 3.
        Horario: oprima 4.
        Volver: oprima 5.
    .relay =
        No puede pagar: oprima 1.
        Otras formas: oprima 2.
        Automático: oprima 3.
        Horario, negocio: oprima 4.
        Volver: oprima 5.
    .nudge =
        Aquí seguimos.
        Lo que necesita.

## Paying for somebody else

guest-not-able =
    Hoy no puede pagar por otra persona en esta línea.
    Para hablar con una persona, oprima 0.

guest-menu =
    Para pagar la factura de otra persona, oprima 1.
    Tenga la factura a la mano.
    Para cancelar un pago que hizo por alguien, oprima 2.
    Para volver, oprima 3.
    .again =
        Para pagar la factura de otra persona, oprima 1.
        Para cancelar un pago así, oprima 2.
        Para volver, oprima 3.
    .again-relay =
        Pagar por otra persona: oprima 1.
        Cancelar un pago así: oprima 2.
        Volver: oprima 3.
    .relay =
        Pagar por otra persona: oprima 1.
        Cancelar un pago así: oprima 2.
        Volver: oprima 3.
    .nudge =
        Aquí seguimos.
        Pagar o cancelar.

guest-member =
    Marque los 12 dígitos del número de miembro.
    O marque los 10 dígitos del teléfono de la cuenta y la tecla numeral.
    .again =
        Marque los 12 dígitos del número de miembro.
        Está en la factura.
        O marque el teléfono de la cuenta y la tecla numeral.
    .again-relay = Número de miembro o teléfono.
    .relay =
        Marque los 12 dígitos del número de miembro.
        O el teléfono de la cuenta y numeral.
    .nudge =
        Aquí seguimos.
        Número de miembro.

guest-birth =
    Marque la fecha de nacimiento del miembro en ocho dígitos: mes, día y año.
    .again =
        Marque la fecha de nacimiento del miembro en ocho dígitos.
        Para el 2 de enero de 1965, marque 0 1 0 2 1 9 6 5.
    .again-relay = Marque la fecha de nacimiento del miembro en ocho dígitos.
    .relay =
        Marque la fecha de nacimiento del miembro.
        Son ocho dígitos: mes, día y año.
    .nudge =
        Aquí seguimos.
        Fecha de nacimiento.

guest-zip = Marque los 5 dígitos del código postal de la factura.
    .again = Marque los 5 dígitos del código postal del miembro.
    .nudge =
        Aquí seguimos.
        Código postal.

guest-house =
    Marque el número de la casa o del apartado postal de la factura, y la tecla numeral.
    .again =
        Marque solo el número de la casa o del apartado postal, y numeral.
        Para el número 7, marque 0 7.
    .again-relay = Número de casa o apartado, y numeral.
    .relay =
        Marque el número de casa o de apartado postal, y numeral.
    .nudge =
        Aquí seguimos.
        Número de la casa.

guest-due =
    En la factura { $plan ->
        [dental] dental
       *[health] de salud
    } se deben { $total }.
    La fecha límite es el { $guest_due }.
    .relay =
        En la factura { $plan ->
            [dental] dental
           *[health] de salud
        } se debe esto:
        { $total }.

        La fecha límite es el { $guest_due }.

guest-bill-menu =
    Para pagarlo todo, oprima 1.
    Para otra cantidad, oprima 2.
    Si no es esta factura, oprima 3.
    .again =
        Para pagar { $total }, oprima 1.
        Otra cantidad: oprima 2.
        Otra factura: oprima 3.
    .again-relay =
        Para pagarlo todo, oprima 1.
        Otra cantidad: oprima 2.
        Otra factura: oprima 3.
    .relay =
        Para pagarlo todo, oprima 1.
        Otra cantidad: oprima 2.
        Otra factura: oprima 3.
    .nudge =
        Aquí seguimos.
        Pagar esta factura o no.

guest-bill-in-full =
    Esta factura se paga completa o no se paga.
    Para pagarla, oprima 1.
    Si no es esta factura, oprima 2.
    .again =
        Para pagar { $total }, oprima 1.
        Si no es esta factura, oprima 2.
    .relay =
        Esta factura se paga completa o no se paga.
        Para pagarla, oprima 1.
        Otra factura: oprima 2.
    .nudge =
        Aquí seguimos.
        Pagar esta factura o no.

guest-above-balance =
    Usted marcó { $keyed_amount }.
    Es más que los { $total } que se deben en esta factura.
    .relay = Es más de lo que se debe en esta factura.

guest-read-back =
    Usted marcó { $amount }.
    Si es correcto, oprima 1.
    Otra cantidad: oprima 2.
    .again =
        Si la cantidad de { $amount } es correcta, oprima 1.
        Otra cantidad: oprima 2.
    .again-relay =
        { $amount }.
        Si es correcto, oprima 1.
        Otra cantidad: oprima 2.
    .relay =
        { $amount }.
        Si es correcto, oprima 1.
        Otra cantidad: oprima 2.
    .nudge =
        Aquí seguimos.
        ¿Es correcta la cantidad?

guest-name =
    La cuenta de banco debe ser suya.
    Diga su nombre y apellido, como los tiene su banco.
    .again = Diga solo su nombre y apellido.
    .relay =
        Diga su nombre y apellido, como los tiene su banco.
        El operador puede decirlos por usted.
    .nudge =
        Aquí seguimos.
        Su nombre.

guest-name-heard =
    Oímos este nombre.
    { $payer_name }.
    .relay =
        Oímos este nombre.

        { $payer_name }.

guest-name-right =
    Si es correcto, oprima 1.
    Para decirlo otra vez, oprima 2.
    .again =
        Si el nombre es correcto, oprima 1.
        Para decirlo otra vez, oprima 2.
    .nudge =
        Aquí seguimos.
        ¿Es correcto el nombre?

guest-name-exhausted = No pudimos entender bien su nombre.

guest-mobile =
    Le enviamos los términos de este pago por mensaje de texto.
    Marque los 10 dígitos de su teléfono celular.
    .again = Marque los 10 dígitos de su celular, primero el código de área.
    .again-relay = Marque los 10 dígitos de su celular.
    .relay =
        Le enviamos los términos por mensaje de texto.
        Marque los 10 dígitos de su teléfono celular.
    .nudge =
        Aquí seguimos.
        Teléfono celular.

guest-mobile-again =
    Marque otra vez el mismo número de celular.
    .again = Marque otra vez los 10 dígitos de su celular.
    .again-relay = Marque su celular otra vez.
    .nudge =
        Aquí seguimos.
        Teléfono celular.

guest-mobile-different =
    Los dos números de teléfono no coinciden.
    Intentemos otra vez.

guest-mobile-exhausted = No pudimos usar ese número de teléfono.

guest-agree =
    Sin el mensaje de texto no se hace ningún pago.
    Para recibirlo en ese número, oprima 1.
    Si no lo quiere, oprima 2.
    .again =
        Para recibir el mensaje de texto en ese número, oprima 1.
        Si no lo quiere, oprima 2.
    .relay =
        Sin el mensaje de texto no se hace ningún pago.
        Para recibirlo, oprima 1.
        Si no, oprima 2.
    .nudge =
        Aquí seguimos.
        Mensaje de texto o no.

guest-not-agreed =
    Este pago no se hizo.
    También puede enviar un cheque por correo.

authorization-terms-guest =
    Escuche hasta el final, por favor.
    Hoy es { $today }.
    Usted dice que esta cuenta de banco es suya.
    Paga por el miembro cuyo número termina en { $guest_last4 }.
    Usted autoriza a Massachusetts Health Connector a hacer un solo débito electrónico de su banco.
    Es de { $amount }, una sola vez.
    Sale de su cuenta { $account_type ->
        [savings] de ahorros
       *[checking] de cheques
    } que termina en { $account_last4 }.
    Es su propia cuenta bancaria personal.
    Se debita el { $debit_date } o después.
    Es para la prima { $plan ->
        [dental] dental
       *[health] de salud
    } del miembro.
    Para cancelarlo o preguntar, llame al { $support_phone }, antes de { $cutoff }.
    Atendemos { $support_hours }.
    Le enviaremos estos términos por mensaje de texto.
    Guardamos por escrito lo que usted conteste.
    No grabamos esta llamada.
    .relay =
        Le pedimos su autorización para un pago electrónico de su banco.
        Hoy es { $today }.

        Usted dice que esta cuenta de banco es suya.

        Paga por el miembro cuyo número termina en { $guest_last4 }.

        Usted autoriza a Massachusetts Health Connector a hacer un solo débito electrónico.

        El débito es de { $amount }.

        Sale de su cuenta { $account_type ->
            [savings] de ahorros
           *[checking] de cheques
        } que termina en { $account_last4 }.
        Es su propia cuenta bancaria personal.

        Se debita el { $debit_date } o después.

        Es para la prima { $plan ->
            [dental] dental
           *[health] de salud
        } del miembro, una sola vez.

        Para cancelarlo o preguntar, llame al { $support_phone }.

        Hora límite: { $cutoff }.

        Atendemos { $support_hours }.

        Le enviaremos estos términos por mensaje de texto.

        Guardamos por escrito lo que usted conteste.
        No grabamos esta llamada.

guest-changed =
    Lo que se debe en esta factura cambió mientras hablábamos.
    Este pago no se hizo.
    .relay =
        Lo que se debe en esta factura acaba de cambiar.
        Este pago no se hizo.

guest-limit =
    Hoy no se pueden hacer más pagos de esta factura.
    Este pago no se hizo.
    Para una persona, oprima 0.

guest-keep-number =
    Guarde ese número.
    Con él y su número de celular puede cancelar en esta línea.
    Si no podemos enviarle el mensaje a tiempo, no se hace ningún pago.
    .relay =
        Guarde ese número.

        Con él y su número de celular puede cancelar aquí.

        Si el mensaje no sale a tiempo, no hay pago.

guest-no-more = No hay nada más que pagar aquí.

guest-finish =
    Ya puede colgar.
    Para terminar, oprima 1.
    Para oír esto otra vez, oprima 9.
    .again =
        Ya puede colgar.
        Para terminar, oprima 1.
    .nudge =
        Aquí seguimos.
        Ya puede colgar.

guest-payment-number =
    Marque los 11 dígitos del número de confirmación de su pago.
    .again =
        Marque los 11 dígitos del número de confirmación.
        Está en el mensaje de texto que le enviamos.
    .again-relay = Marque los 11 dígitos del número de confirmación.
    .nudge =
        Aquí seguimos.
        Número de confirmación.

guest-payment-mobile =
    Marque los 10 dígitos del celular que recibió nuestro mensaje.
    .again = Marque los 10 dígitos de su celular, primero el código de área.
    .again-relay = Marque los 10 dígitos de su celular.
    .nudge =
        Aquí seguimos.
        Teléfono celular.

guest-cancelled =
    Su pago está cancelado.
    No sacaremos el dinero.
    Le enviaremos un mensaje de texto sobre esto.
    .relay =
        Su pago está cancelado.
        No sacaremos el dinero.

        Le enviaremos un mensaje de texto sobre esto.

guest-not-cancelled =
    Esos dos números no van juntos.
    No se canceló nada.

guest-cancel-exhausted =
    No encontramos ese pago.
    No se canceló nada.

# No se promete ningún plan de pagos: no hay.
hardship =
    Si sus ingresos bajaron, su prima también puede bajar.
    En ConnectorCare, puede pedir que le quiten o bajen la prima.
    Una persona puede decirle qué ayuda hay para usted.
    También puede pagar una parte ahora.
    Su plan puede terminar si no paga el resto a tiempo.
    .relay =
        Si sus ingresos bajaron, su prima puede bajar.

        En ConnectorCare, puede pedir que le quiten la prima.

        Una persona puede decirle qué ayuda hay para usted.

        También puede pagar una parte ahora.

        Su plan puede terminar si no paga el resto.

hardship-menu =
    Para una persona, oprima 1.
    Para que le llamemos, oprima 2.
    Para pagar una parte ahora, oprima 3.
    Para volver, oprima 4.
    .again =
        Para una persona, oprima 1.
        Para que le llamemos, oprima 2.
        Para pagar una parte ahora, oprima 3.
        Para volver, oprima 4.
    .again-relay =
        Una persona: oprima 1.
        Que le llamemos: oprima 2.
        Pagar una parte: oprima 3.
        Volver: oprima 4.
    .relay =
        Una persona: oprima 1.
        Que le llamemos: oprima 2.
        Pagar una parte: oprima 3.
        Volver: oprima 4.
    .nudge =
        Aquí seguimos.
        Lo que necesita.

autopay =
    El pago automático saca su prima de su banco cada mes, para que no tenga que llamar.
    No se puede pedir en esta línea.
    Puede pedirlo por internet, en la dirección web que está en su factura.
    Para un formulario en papel, pídalo a una persona: oprima 0.
    .relay =
        El pago automático saca su prima de su banco cada mes.

        No se puede pedir en esta línea.
        Puede pedirlo por internet.

        Para un formulario en papel, oprima 0.

hours =
    Esta línea recibe pagos de día y de noche.
    Atendemos { $support_hours }, en el { $support_phone }.
    Con TTY, marque 7 1 1.
    Esta línea es para personas y familias.
    Para la factura de un negocio, o ayuda con nuestro sitio web, hable con una persona: oprima 0.
    .relay =
        Esta línea recibe pagos de día y de noche.

        Atendemos { $support_hours }.

        El número es { $support_phone }.

        Esta línea es para personas y familias.

        Para la factura de un negocio, o el sitio web, oprima 0.

ways-menu =
    Para pagar por correo o mensajería, oprima 1.
    Para pagar en persona, oprima 2.
    Para pagar desde el sitio de su banco, o por internet, oprima 3.
    Para oír su número de cuenta de facturación, oprima 4.
    Para volver, oprima 5.
    .again =
        Para pagar por correo, oprima 1.
        Para pagar en persona, oprima 2.
        Para pagar por internet, oprima 3.
        Para oír su número de cuenta, oprima 4.
        Para volver, oprima 5.
    .again-relay =
        Por correo: oprima 1.
        En persona: oprima 2.
        Internet: oprima 3.
        Su cuenta: oprima 4.
        Volver: oprima 5.
    .relay =
        Por correo: oprima 1.
        En persona: oprima 2.
        Por internet: oprima 3.
        Su cuenta: oprima 4.
        Volver: oprima 5.
    .nudge =
        Aquí seguimos.
        Una forma de pagar.

ways-mail =
    Haga su cheque o giro postal a nombre de { $place_name }.
    No envíe efectivo.
    Escriba en él su número de cuenta de facturación, de 9 dígitos, y su nombre.
    Incluya el talón de su factura si lo tiene.
    Envíelo a { $place_street }, { $place_city }.
    Cuente de 3 a 5 días hábiles.
    .relay =
        Haga su cheque o giro postal a nombre de:
        { $place_name }.

        Escriba en él su nombre y su cuenta de facturación.
        No envíe efectivo.

        Envíelo a:
        { $place_street }.

        { $place_city }.
        Cuente de 3 a 5 días hábiles.

ways-courier =
    Para enviarlo por mensajería, use otra dirección: { $place_street }, { $place_city }.
    .relay =
        Por mensajería, envíelo a:
        { $place_street }.

        { $place_city }.

ways-person =
    En persona, traiga un cheque o giro postal.
    No aceptamos efectivo ni tarjetas.
    Ninguna tienda puede recibir su pago.
    .relay =
        En persona, traiga un cheque o giro postal.
        No aceptamos efectivo ni tarjetas.

        Ninguna tienda puede recibir su pago.

ways-center =
    En { $place_name }, estamos en { $place_street }.
    .relay =
        { $place_name }:
        { $place_street }.

ways-centers-call =
    Antes de venir, pregunte cuándo abre un centro.
    Llame al { $support_phone }.
    .relay =
        Antes de venir, pregunte cuándo abre un centro.

        Llame al { $support_phone }.

ways-bank =
    En el pago de cuentas de su banco, agregue { $place_name }.
    Use su número de cuenta de facturación, de 9 dígitos.
    Está arriba a la izquierda en su factura, y empieza con 7.
    Elija un día de 3 a 5 días hábiles antes de que venza su factura.
    O pague por internet, en la dirección web que está en su factura.
    .relay =
        En el pago de cuentas de su banco, agregue:
        { $place_name }.

        Use su cuenta de facturación, de 9 dígitos.
        Empieza con 7.

        Pague de 3 a 5 días hábiles antes de que venza.

        O por internet, en la dirección web de su factura.

ways-call =
    Para preguntar dónde y cómo pagar, llame al { $support_phone }.
    Atendemos { $support_hours }.
    .relay =
        Para preguntar dónde y cómo pagar, llame al:
        { $support_phone }.

        Atendemos { $support_hours }.

account-number =
    Su número de cuenta de facturación { $account_plan ->
        [dental] dental
       *[health] de salud
    } es { $told_account }.
    Otra vez: { $told_account }.
    .relay =
        Su cuenta de facturación { $account_plan ->
            [dental] dental
           *[health] de salud
        } es { $told_account }.

        Otra vez: { $told_account }.

account-number-where = También está arriba a la izquierda en su factura.

account-number-later =
    Su número de cuenta de facturación está arriba a la izquierda en su factura.
    Tiene 9 dígitos y empieza con 7.
    Para oírlo aquí, vaya primero a lo que debe.
    .relay =
        Su cuenta de facturación está arriba a la izquierda en su factura.

        Tiene 9 dígitos y empieza con 7.

        Para oírlo, vaya primero a lo que debe.

## Una persona

person-connecting = Por favor espere mientras le comunicamos con una persona.

person-busy =
    En este momento nadie puede contestar.
    Puede llamar al { $support_phone }.
    Atendemos { $support_hours }.
    .relay =
        En este momento nadie puede contestar.

        Puede llamar al { $support_phone }.

        Atendemos { $support_hours }.

person-closed =
    En este momento nadie puede contestar.
    Atendemos { $support_hours }, en el { $support_phone }.
    .relay =
        En este momento nadie puede contestar.

        Para hablar con una persona, llame al { $support_phone }.

        Atendemos { $support_hours }.

person-not-now =
    En este momento nadie puede contestar.
    Atendemos { $support_hours }, en el { $support_phone }.
    .relay = Ahora nadie contesta.

callback-again = Para terminar aquí y que le llamemos, oprima 0 otra vez.
    .relay = Que le llamemos: oprima 0 otra vez.

callback-offer =
    Para que le llamemos, oprima 1.
    Para terminar esta llamada, oprima 2.
    .again =
        Para que le llamemos, oprima 1.
        Para terminar esta llamada, oprima 2.
    .nudge =
        Aquí seguimos.
        Le llamamos, o terminar.

callback-number =
    Para que le llamemos al número del que llama, oprima 1.
    Para otro número, oprima 2.
    .again =
        Para que le llamemos a este número, oprima 1.
        Para otro número, oprima 2.
    .relay =
        Al número del que llama, oprima 1.
        Para otro número, oprima 2.
    .nudge =
        Aquí seguimos.
        Número para llamarle.

callback-phone = Marque los 10 dígitos del teléfono.
    .again = Marque los 10 dígitos del teléfono, primero el código de área.
    .again-relay = Marque los 10 dígitos del teléfono.
    .nudge =
        Aquí seguimos.
        Teléfono.

callback-part =
    Para la mañana, oprima 1.
    Para la tarde, oprima 2.
    .again =
        Para la mañana, oprima 1.
        Para la tarde, oprima 2.
    .relay =
        Para la mañana, oprima 1.
        Para la tarde, oprima 2.
    .nudge =
        Aquí seguimos.
        Mañana o tarde.

callback-booked =
    Le llamaremos el { $callback_date } por la { $callback_part ->
        [afternoon] tarde
       *[morning] mañana
    }.
    No le pediremos los números de su banco.
    .relay =
        Le llamaremos el { $callback_date } por la { $callback_part ->
            [afternoon] tarde
           *[morning] mañana
        }.

        No le pediremos los números de su banco.

give-up =
    Lo sentimos.
    No pudimos seguir.
    No se hizo ningún pago en esta llamada.

give-up-paid =
    Lo sentimos.
    No pudimos seguir.
    Lo que pagó en esta llamada es válido.

payment-stands = Lo que pagó en esta llamada es válido.

time-up = Se acabó el tiempo de esta llamada.

## Cuando se marcó algo que no se puede usar

noinput = No recibimos respuesta.
    .again =
        No recibimos respuesta.
        Para más tiempo, oprima 7.

entry-discarded = El asterisco borró lo que usted marcó.
    .relay = Borrado.

gate-go-on = Oprima 1 para seguir.
    .nudge =
        Aquí seguimos.
        Oprima 1 para seguir.

nomatch-not-a-choice = Esa tecla no es una de las opciones.
    .relay = Tecla equivocada.

nomatch-length = Faltan o sobran dígitos.
    .relay = Faltan o sobran dígitos.

nomatch-member-id =
    El número de miembro tiene 12 dígitos.
    El número de cuenta de facturación tiene 9 y empieza con 7.
    El teléfono tiene 10.
    .relay =
        El número de miembro tiene 12 dígitos.
        La cuenta de facturación tiene 9.

nomatch-own-account = La cuenta de la factura tiene 9 dígitos y empieza con 7.

nomatch-without-pound =
    Puede que falten dígitos de su número.
    Si está completo, márquelo otra vez y oprima la tecla numeral.
    .relay = Si ese es su número completo, termínelo con la tecla numeral.

nomatch-date = Esa no es una fecha de nacimiento posible.

nomatch-day = Ese día no existe.

nomatch-amount = No entendimos la cantidad.

nomatch-check-digit =
    Esos 9 dígitos no forman un número de ruta.
    Por favor revise cada dígito.

nomatch-prefix = Los números de ruta no empiezan con esos dígitos.

nomatch-deposit-slip =
    Ese número puede ser de una boleta de depósito.
    Por favor use un cheque o pregunte a su banco.
    .relay =
        Puede ser de una boleta de depósito.
        Use un cheque.

nomatch-billing-account = Ese es su número de cuenta de facturación, no el de ruta.

nomatch-account-length = Un número de cuenta tiene de 4 a 17 dígitos.

nomatch-card =
    Parece un número de tarjeta.
    Por teléfono no se aceptan tarjetas.
    Si es su cuenta de banco, márquela otra vez.
    .relay =
        Parece una tarjeta.
        Por teléfono no se aceptan tarjetas.

nomatch-account-is-routing = Ese es el número de ruta, no el número de cuenta.

nomatch-account-is-billing-account = Esa es su cuenta de facturación, no una cuenta de banco.

nomatch-not-yes-or-no = No oímos una respuesta clara.

nomatch-mixed-answer = Oímos más de una respuesta.

nomatch-almost-yes =
    ¿Dijo que sí?
    Por favor diga solamente: sí.

nomatch-key-pressed =
    Las reglas bancarias piden que conteste hablando.
    Una tecla no basta.
    Si no puede hablar, oprima 0.
    .relay =
        El banco pide una respuesta hablada, no una tecla.
        Persona: oprima 0.

nomatch-name = Necesitamos que diga su nombre y apellido.

nomatch-house = El número de casa o apartado tiene de 1 a 6 dígitos.

nomatch-phone = El teléfono tiene 10 dígitos, primero el código de área.

nomatch-code = El código tiene de 4 a 12 dígitos.

## Cuando algo falló de nuestra parte

trouble-payment =
    Tuvimos un problema técnico.
    Su pago de { $amount } fue aceptado.

    Su número de confirmación es { $confirmation_number }.

    Una vez más: { $confirmation_number }.

trouble-no-payment =
    Lo sentimos, tuvimos un problema técnico.
    En esta llamada no se hizo ningún pago.

trouble-unknown =
    Todavía no sabemos si su pago se hizo.
    Por favor no pague otra vez ahora.

    Vuelva a llamar; se lo diremos después de pedirle sus datos.

trouble-not-now =
    Lo sentimos, ahora no podemos atender su llamada.
    Por favor vuelva a llamar en unos minutos.

    Para hablar con una persona, llame al { $support_phone }.

    Atendemos { $support_hours }.

trouble-call-again =
    Puede volver a llamar a esta línea a cualquier hora.

    Para hablar con una persona, llame al { $support_phone }.

    Atendemos { $support_hours }.

call-over = Esta llamada terminó.

call-unknown = No podemos seguir con esta llamada.
